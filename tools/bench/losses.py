"""The rows of tools/bench/losses; see tools/bench/README.md."""

import argparse
import ctypes
import json
import os
import platform
import statistics
import sys
import time

import numpy
import torch
import torch.nn.functional as F

CLASSES = 60
SLOPE = 20.0


# ---- timing ----

class Clock:
    """Wall and process time of `loops` calls, per call."""

    def __init__(self, call, loops):
        self.call, self.loops = call, loops

    def measure(self):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.loops):
            self.call()
        return ((time.perf_counter() - wall) / self.loops,
                (time.process_time() - cpu) / self.loops)


def summarise(samples):
    wall = [sample[0] for sample in samples]
    return {"median": statistics.median(wall), "min": min(wall), "max": max(wall),
            "cpu": statistics.median(sample[1] for sample in samples)}


def measure_row(name, ours, peer, peer_is, correct, loops, repeats):
    """Both sides in turn: A B A B, after three rounds of warm-up."""
    clocks = Clock(ours, loops), Clock(peer, loops)
    for clock in clocks:
        for _ in range(3):
            clock.call()
    samples = [[], []]
    for _ in range(repeats):
        for which, clock in enumerate(clocks):
            samples[which].append(clock.measure())
    a, b = summarise(samples[0]), summarise(samples[1])
    return {"row": name, "ours": a, "peer": b, "peer_is": peer_is,
            "ratio": b["median"] / a["median"], "correct": correct,
            "noisy": a["max"] > 1.05 * a["min"] or b["max"] > 1.05 * b["min"]}


def relative(actual, expected):
    largest = expected.abs().max().item()
    return (actual - expected).abs().max().item() / largest if largest > 0 else 0.0


def verdict(differences, tolerance):
    worst = max(differences)
    return f"{worst:.0e}" if worst <= tolerance else f"WRONG {worst:.1e}"


# ---- the unsupervised loss ----

def make_loss(n):
    generator = torch.Generator().manual_seed(n)
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    share = lambda *shape: torch.rand(*shape, generator=generator)
    return {"teacher": 3 * draw(n, CLASSES), "student": (2 * draw(n, CLASSES)).requires_grad_(),
            "positive": (0.4 + 0.5 * share(CLASSES)).requires_grad_(),
            "negative": torch.full((CLASSES,), 0.1), "weight": 0.9 + 0.4 * share(CLASSES),
            "mask": (share(n) < 0.8).to(torch.uint8)}


def fused_loss(d):
    return torch.ops.sslact.unsupervised_loss(d["teacher"], d["student"], d["positive"],
                                              d["negative"], d["weight"], d["mask"], SLOPE, "hard",
                                              "all")


def eager_loss(d):
    """What a PyTorch user writes: method.md sections 2 and 4, learnable thresholds, hard labels."""
    t = torch.sigmoid(d["teacher"])
    positive = t > d["positive"]
    negative = (t < d["negative"]) & ~positive
    coefficient = torch.sigmoid(SLOPE * (t - d["positive"])) * positive
    entries = coefficient * F.softplus(-d["student"]) + negative * F.softplus(d["student"])
    share = d["mask"][:, None] * d["weight"]
    penalty = 2 * d["positive"] - d["positive"].log()
    return (share * entries).mean(), (share * penalty).mean()


def with_backward(loss, d):
    def call():
        d["student"].grad = d["positive"].grad = None
        pseudo, penalty = loss(d)
        (pseudo + penalty).backward()
        return [pseudo.detach(), penalty.detach(), d["student"].grad, d["positive"].grad]
    return call


def loss_row(n, repeats):
    d = make_loss(n)
    ours, peer = with_backward(fused_loss, d), with_backward(eager_loss, d)
    correct = verdict([relative(a, b) for a, b in zip(ours(), peer())], 1e-5)
    return measure_row(f"loss/N={n}", ours, peer, "eager composition, forward and backward",
                       correct, 200 if n < 1000 else 5, repeats)


# ---- the supervised loss ----

def entropy_row(n, repeats):
    generator = torch.Generator().manual_seed(n)
    logits = (2 * torch.randn(n, CLASSES, generator=generator)).requires_grad_()
    truth = (torch.rand(n, CLASSES, generator=generator) < 0.05).float()
    weight = 0.9 + 0.4 * torch.rand(CLASSES, generator=generator)
    mask = (torch.rand(n, generator=generator) < 0.8).to(torch.uint8)

    def ours():
        logits.grad = None
        loss = torch.ops.sslact.balanced_bce(logits, truth, 1 - truth, weight, mask)
        loss.backward()
        return [loss.detach(), logits.grad]

    def peer():
        logits.grad = None
        loss = F.binary_cross_entropy_with_logits(logits, truth, mask[:, None] * weight)
        loss.backward()
        return [loss.detach(), logits.grad]

    correct = verdict([relative(a, b) for a, b in zip(ours(), peer())], 1e-5)
    return measure_row(f"bce/N={n}", ours, peer, "binary_cross_entropy_with_logits, both ways",
                       correct, 200 if n < 1000 else 5, repeats)


# ---- the mask ----

def sampling_row(n, repeats):
    generator = torch.Generator().manual_seed(n)
    labels = (torch.rand(n, CLASSES, generator=generator) < 0.04).to(torch.int8)
    count = torch.randint(1, 5000, (CLASSES,), generator=generator)
    probability = torch.rand(CLASSES, generator=generator, dtype=torch.float64)
    never = torch.iinfo(torch.int64).max

    def ours():
        classes = torch.ops.sslact.rarest_class(labels, count)
        return classes, torch.ops.sslact.sample_mask(classes, probability, 1, 2, 1)

    def peer():
        counts = torch.where(labels == 1, count, never)
        smallest, classes = counts.min(1)
        classes = torch.where(smallest == never, -1, classes)
        chance = torch.where(classes < 0, 1.0, probability[classes])
        return classes, torch.rand(n, dtype=torch.float64) < chance

    classes, mask = ours()
    same = torch.equal(classes.long(), peer()[0])
    chance = torch.where(classes < 0, 1.0, probability[classes.long()])
    spread = 4 * (chance * (1 - chance)).sum().sqrt()
    fair = (mask.sum() - chance.sum()).abs() <= spread
    return measure_row(f"sample/N={n}", ours, peer, "eager composition, torch.rand",
                       "exact" if same and fair else "WRONG", 200 if n < 1000 else 5, repeats)


# ---- the balance fit ----

class Device(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("index", ctypes.c_int32)]


class TensorView(ctypes.Structure):  # sslact_tensor
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("device", Device), ("shape", ctypes.c_int64 * 8), ("stride", ctypes.c_int64 * 8)]


class BalanceOptions(ctypes.Structure):  # sslact_balance_options
    _fields_ = [("struct_size", ctypes.c_size_t), ("beta", ctypes.c_void_p),
                ("gamma", ctypes.c_void_p), ("tau_positive", ctypes.c_double),
                ("mapping", ctypes.c_int32), ("exact_cooccurrence", ctypes.c_int32),
                ("instance_weight", ctypes.c_void_p), ("tau_negative", ctypes.c_double),
                ("negative_class_related", ctypes.c_int32), ("cuda_stream", ctypes.c_void_p)]


class Balance(ctypes.Structure):  # sslact_balance
    _fields_ = ([("struct_size", ctypes.c_size_t)] +
                [(name, ctypes.c_void_p) for name in
                 ("count", "imbalance", "probability", "gap", "weight", "threshold", "sampled",
                  "pair_count", "assigned", "negative_threshold")] +
                [("instance_count", ctypes.c_int64), ("mean_count", ctypes.c_double),
                 ("expected_kept_share", ctypes.c_double)])


def fit_ours(library, labels, exact):
    weight = numpy.empty(labels.shape[1])
    view = TensorView()
    shape = (ctypes.c_int64 * 2)(*labels.shape)
    library.sslact_tensor_describe(ctypes.c_void_p(labels.ctypes.data), 1, 2, shape,
                                   ctypes.byref(view))
    options = BalanceOptions(struct_size=ctypes.sizeof(BalanceOptions), exact_cooccurrence=exact)
    out = Balance(struct_size=ctypes.sizeof(Balance), weight=weight.ctypes.data)
    status = library.sslact_loss_fit_balance(ctypes.byref(view), ctypes.byref(options),
                                             ctypes.byref(out))
    if status < 0:
        library.sslact_error_get_message.restype = ctypes.c_char_p
        sys.exit(library.sslact_error_get_message().decode())
    return weight


def fit_numpy(labels, exact):
    """method.md section 3.1 in whole arrays; counts as a product of matrices (exact below 2^24)."""
    dense = labels.astype(numpy.float32)
    n = labels.sum(0, dtype=numpy.int64)
    mean = n.sum() / n.size
    p = numpy.where(n > mean, (mean / n) ** 0.9, 1.0)
    if exact:
        rarest = numpy.where(labels == 1, n, numpy.iinfo(numpy.int64).max).argmin(1)
        chosen = numpy.zeros_like(dense)
        chosen[numpy.arange(len(labels)), rarest] = labels.any(1)
        s = (dense.T @ chosen).astype(numpy.float64) @ p
    else:
        pairs = (dense.T @ dense).astype(numpy.float64)
        numpy.fill_diagonal(pairs, 0)
        s = n * p + (pairs * numpy.maximum(p[None, :] - p[:, None], 0)).sum(1)
    return (s / mean) ** -0.05


def balance_row(library, exact, repeats):
    generator = numpy.random.default_rng(7)
    labels = numpy.zeros((1_000_000, 80), numpy.uint8)
    for _ in range(3):  # up to three labels, squared so that classes differ by orders of magnitude
        column = (80 * generator.random(len(labels)) ** 3).astype(numpy.int64)
        labels[numpy.arange(len(labels)), column] = 1
    ours = lambda: fit_ours(library, labels, exact)
    peer = lambda: fit_numpy(labels, exact)
    difference = numpy.abs(ours() / peer() - 1).max()
    name = "exact" if exact else "pairwise"
    return measure_row(f"balance/1M x 80/{name}", ours, peer, "numpy, float32 matrix product",
                       verdict([difference], 1e-10), 1, repeats)


# ---- the table ----

def duration(seconds):
    return (f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else
            f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s")


def print_table(result):
    m = result["machine"]
    print(f"sslact-bench losses   {m['processors']} x {m['model']}, load {m['load']:.2f}   "
          f"torch {m['torch']}, {m['threads']} thread(s)   repeats {result['repeats']}, "
          "median [min..max]")
    print(f"{'row':<26}{'ours':<34}{'peer':<34}{'ratio':>6}  {'correct':<8} peer is")
    for row in result["rows"]:
        sides = [f"{duration(s['median'])} [{duration(s['min'])}..{duration(s['max'])}]"
                 for s in (row["ours"], row["peer"])]
        noisy = "  (noisy)" if row["noisy"] else ""
        print(f"{row['row']:<26}{sides[0]:<34}{sides[1]:<34}{row['ratio']:>6.1f}  "
              f"{row['correct']:<8} {row['peer_is']}{noisy}")


def describe_machine(threads):
    model = platform.processor() or "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    return {"model": model, "processors": os.cpu_count(), "load": os.getloadavg()[0],
            "torch": torch.__version__, "threads": threads}


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/losses")
    parser.add_argument("--library", default="build/libsslact.so")
    parser.add_argument("--json", help="also write the numbers, in seconds, to this file")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    path = os.path.abspath(given.library)
    torch.ops.load_library(path)
    torch.set_num_threads(given.threads)
    library = ctypes.CDLL(path)
    result = {"machine": describe_machine(given.threads), "repeats": given.repeats, "rows": []}
    for n in (48, 16384):
        result["rows"].append(loss_row(n, given.repeats))
        result["rows"].append(entropy_row(n, given.repeats))
        result["rows"].append(sampling_row(n, given.repeats))
    for exact in (0, 1):
        result["rows"].append(balance_row(library, exact, given.repeats))
    result["noisy"] = result["machine"]["load"] > 0.3 or any(r["noisy"] for r in result["rows"])
    print_table(result)
    if result["noisy"]:
        print("noisy: the load before the start was above 0.3, or a spread above 5 %")
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    sys.exit(any("WRONG" in row["correct"] for row in result["rows"]))


if __name__ == "__main__":
    main()
