"""PyTorch as an expert would write it: an eager loop, and a step compiled by `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch.nn import functional as F

from peers.cases import BETA1, BETA2, EPS, LEARNING_RATE, Case, Data, Job

Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Reset = Callable[[], None]


def eager(case: Case, data: Data, threads: int) -> Job:
    """`nn.Sequential` and `torch.optim.Adam` in its fused form.

    Fused was the fastest of Adam's three forms in every case; microseconds an update of fused,
    for-loop and foreach, on two cores: 161, 229, 277 (xor); 203, 296, 360 (digits);
    750, 1,103, 933 (mnist); 16,706, 17,826, 18,393 (wide).
    """
    torch.set_num_threads(threads)
    return Job(_loop(case, data, *_eager(case)), "fused Adam")


def compiled(case: Case, data: Data, threads: int) -> Job:
    """Forward, backward and Adam as one graph of static shapes, called through a C++ wrapper."""
    import torch._inductor.config as inductor

    torch.set_num_threads(threads)
    inductor.cpp_wrapper = True
    return Job(_loop(case, data, *_compiled(case)), "one graph a step")


def _network(case: Case) -> torch.nn.Sequential:
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in zip(case.sizes[:-1], case.sizes[1:], strict=True):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _loop(case: Case, data: Data, step: Step, reset: Reset) -> Callable[[], float]:
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)

    def run() -> float:
        reset()
        total = torch.zeros(())
        for _ in range(case.epochs):
            if case.batch == case.rows:  # a full batch needs no order
                total = step(x, y) * case.rows
                continue
            total = torch.zeros(())
            for index in torch.randperm(case.rows).split(case.batch):
                batch = x.index_select(0, index)
                if batch.dtype == torch.uint8:
                    batch = batch.float().div_(255)
                total += step(batch, y.index_select(0, index)) * len(index)
        return float(total) / case.rows

    return run


def _eager(case: Case) -> tuple[Step, Reset]:
    network = _network(case)
    initial = deepcopy(network.state_dict())
    optimizer = torch.optim.Adam(
        network.parameters(), LEARNING_RATE, (BETA1, BETA2), EPS, fused=True
    )

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def reset() -> None:
        network.load_state_dict(initial)
        optimizer.state.clear()

    return step, reset


def _compiled(case: Case) -> tuple[Step, Reset]:
    """A functional step, because `backward` and an optimizer object would split the graph."""
    network = _network(case)
    initial = deepcopy(network.state_dict())
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    first = [torch.zeros_like(p) for p in parameters.values()]
    second = [torch.zeros_like(p) for p in parameters.values()]
    count = torch.zeros(())

    def loss_of(parameters: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> Any:
        return F.cross_entropy(torch.func.functional_call(network, parameters, (x,)), y)

    def step(x: torch.Tensor, y: torch.Tensor) -> Any:
        gradients, loss = torch.func.grad_and_value(loss_of)(parameters, x, y)
        count.add_(1)
        rate = LEARNING_RATE / (1 - BETA1**count)
        correction = torch.rsqrt(1 - BETA2**count)
        for name, m, v in zip(parameters, first, second, strict=True):
            gradient = gradients[name]
            m.lerp_(gradient, 1 - BETA1)
            v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            parameters[name].sub_(rate * m / (v.sqrt() * correction + EPS))
        return loss

    def reset() -> None:
        for name, parameter in parameters.items():
            parameter.copy_(initial[name])
        for state in (*first, *second, count):
            state.zero_()

    compiled: Step = torch.compile(torch.no_grad()(step), fullgraph=True, dynamic=False)
    return compiled, reset
