#!/usr/bin/env python3
"""Every sslact op on a device against the CPU, with gradients and repeated bits.

    check_ops.py LIBSSLACT [DEVICE]      DEVICE is cuda:0 unless told

Prints one line an op; exit status 1 where one differs, 77 where there is no such device."""
import sys

import torch

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}
failures = []


def report(name, differences):
    worst = max(differences)
    print(f"{name:45s} {'ok' if worst <= 1 else 'DIFFERS'}   {worst:.2g} of the tolerance")
    if not worst <= 1:
        failures.append(name)


def difference(seen, expected):
    """Largest difference as a share of what is allowed; whole numbers must be equal."""
    seen = seen.detach().cpu()
    if not expected.is_floating_point():
        return 0.0 if torch.equal(seen, expected) else float("inf")
    wide = expected.detach().double()
    allowed = TOLERANCE[expected.dtype] * max(wide.abs().max().item(), 1e-300) if wide.numel() else 1
    return (seen.double() - wide).abs().max().item() / allowed if wide.numel() else 0.0


def run(op, arguments, device, learned):
    """Outputs, then the gradients of their sum for the arguments whose index is in `learned`."""
    moved = [a.detach().to(device) if isinstance(a, torch.Tensor) else a for a in arguments]
    for k in learned:
        moved[k].requires_grad_(True)
    out = op(*moved)
    out = list(out) if isinstance(out, tuple) else [out]
    total = sum(o.double().sum() * (k + 1) for k, o in enumerate(out) if o.requires_grad)
    if learned:
        total.backward()
    return out + [moved[k].grad for k in learned]


def compare(name, op, arguments, device, learned=()):
    expected = run(op, arguments, "cpu", learned)
    first = run(op, arguments, device, learned)
    again = run(op, arguments, device, learned)
    same = all(torch.equal(a, b) for a, b in zip(first, again))
    report(name, [difference(s, e) for s, e in zip(first, expected)] + [0.0 if same else float("inf")])


def check_method(ops, device, n, c, dtype):
    make = torch.Generator().manual_seed(n * 1000 + c)
    draw = lambda *shape: torch.randn(*shape, generator=make, dtype=torch.float64).to(dtype)
    share = lambda low, high: (low + (high - low) * torch.rand(c, generator=make)).to(dtype)
    teacher, student = draw(n, c) * 3, draw(n, c) * 3
    positive, negative, weight = share(0.4, 0.9), share(0.05, 0.3), share(0.5, 1.5)
    mask = (torch.rand(n, generator=make) < 0.7).to(torch.uint8)
    labels = ops.pseudo_labels(teacher, positive, negative)
    count = torch.randint(0, 5, (c,), generator=make)
    classes = ops.rarest_class(labels, count)
    probability = torch.rand(c, generator=make, dtype=torch.float64)
    tag = f"[{n}, {c}] {str(dtype)[6:]}"
    compare(f"pseudo_labels {tag}", ops.pseudo_labels, [teacher, positive, negative], device)
    compare(f"rarest_class {tag}", ops.rarest_class, [labels, count], device)
    compare(f"sample_mask {tag}", ops.sample_mask, [classes, probability, 7, 2**40, 1, 5], device)
    for mode in ("hard", "soft", "fixed"):
        compare(f"label_weights {mode} {tag}", ops.label_weights,
                [teacher, labels, positive, 20.0, mode], device, [2] if mode != "fixed" else [])
        for scope in ("all", "positives", "per_class"):
            compare(f"unsupervised_loss {mode} {scope} {tag}", ops.unsupervised_loss,
                    [teacher, student, positive, negative, weight, mask, 20.0, mode, scope], device,
                    [1, 2])
    compare(f"balanced_bce {tag}", ops.balanced_bce,
            [student, (labels == 1).to(dtype), (labels == 0).to(dtype), weight, mask], device, [0, 1])


def check_roi_align(ops, device, dtype):
    make = torch.Generator().manual_seed(3)
    maps = torch.randn(2, 5, 16, 20, generator=make, dtype=torch.float64).to(dtype)
    corners = torch.rand(9, 2, generator=make) * 200
    boxes = torch.cat([torch.arange(9).remainder(2)[:, None], corners, corners + 90], 1).to(dtype)
    for ratio in (0, 2):
        for aligned in (True, False):
            compare(f"roi_align ratio {ratio} aligned {aligned} {str(dtype)[6:]}", ops.roi_align,
                    [maps, boxes, 1 / 16, 7, 7, ratio, aligned], device, [0])
    compare(f"roi_align without boxes {str(dtype)[6:]}", ops.roi_align,
            [maps, boxes[:0], 1 / 16, 7, 7, 0, True], device, [0])


def main():
    library, device = sys.argv[1], (sys.argv[2:] or ["cuda:0"])[0]
    if device.startswith("cuda") and not torch.cuda.is_available():
        print("no GPU: torch.cuda.is_available() is False")
        return 77
    torch.ops.load_library(library)
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        for n, c in ((0, 5), (1, 1), (48, 60), (4097, 33), (5, 1300)):
            check_method(torch.ops.sslact, device, n, c, dtype)
    for dtype in (torch.float32, torch.float64):
        check_roi_align(torch.ops.sslact, device, dtype)
    print(f"{len(failures)} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
