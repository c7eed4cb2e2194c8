// Before anything is drawn: the theme that was chosen, else the system's.
try {
  const chosen = localStorage.getItem("nncli-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A page opened from a file may have no storage; the system's theme it is then.
}
