// Light and dark: the system's choice until a person makes another.

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function startThemes() {
  const control = byId("theme");
  const root = document.documentElement;
  const shownTheme = () => root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light");
  const tell = () => {
    const other = shownTheme() === "dark" ? "light" : "dark";
    control.textContent = other === "dark" ? "Dark" : "Light";
    control.setAttribute("aria-label", `Change to the ${other} theme`);
  };
  control.addEventListener("click", () => {
    root.dataset.theme = shownTheme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("nncli-theme", root.dataset.theme);
    } catch {
      // Without storage the choice lasts as long as the page is open.
    }
    tell();
  });
  systemIsDark.addEventListener("change", tell);
  tell();
}
