"""The rows of tools/bench/networks; see tools/bench/README.md."""

import argparse
import json
import os
import platform
import statistics
import sys
import time

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from networks_peer import SlowFast  # noqa: E402

CHANNELS_LAST = torch.channels_last_3d


# ---- timing ----

def measure(call):
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def summarise(samples):
    wall = [sample[0] for sample in samples]
    return {"median": statistics.median(wall), "min": min(wall), "max": max(wall),
            "cpu": statistics.median(sample[1] for sample in samples)}


def measure_row(name, ours, peers, correct, options):
    """All sides in turn, A B A B; the fastest peer counts."""
    sides = [ours] + [call for _, call in peers]
    for call in sides:
        for _ in range(options.warm_up):
            call()
    samples = [[] for _ in sides]
    for _ in range(options.repeats):
        for which, call in enumerate(sides):
            samples[which].append(measure(call))
    figures = [summarise(one) for one in samples]
    best = min(range(1, len(sides)), key=lambda i: figures[i]["median"])
    spread = max(one["max"] / one["min"] for one in (figures[0], figures[best]))
    row = {"row": name, "ours": figures[0], "peer": figures[best], "peer_is": peers[best - 1][0],
           "ratio": figures[best]["median"] / figures[0]["median"],
           "cpu_ratio": figures[best]["cpu"] / figures[0]["cpu"], "correct": correct,
           "other_peers": {peers[i - 1][0]: figures[i] for i in range(1, len(sides)) if i != best},
           "noisy": spread > 1.05}
    show(row)
    return row


def show(row):
    side = lambda one: (f"{one['median'] * 1e3:9.1f} [{one['min'] * 1e3:.1f}.."
                        f"{one['max'] * 1e3:.1f}]")
    print(f"{row['row']:<34}{side(row['ours']):<30}{side(row['peer']):<30}{row['peer_is']:<26}"
          f"{row['ratio']:5.2f} (cpu {row['cpu_ratio']:.2f})  {row['correct']}"
          f"{'  noisy' if row['noisy'] else ''}", flush=True)


# ---- correctness ----

def relative(actual, expected):
    largest = expected.detach().abs().max().item()
    return (actual.detach() - expected.detach()).abs().max().item() / largest


def verdict(differences, tolerance):
    worst = max(differences)
    return f"{worst:.0e}" if worst <= tolerance else f"WRONG {worst:.1e}"


# ---- the networks ----

def fill(peer):
    """Weights and statistics of ordinary sizes; norms never 0 or 1."""
    generator = torch.Generator().manual_seed(1)
    draw = lambda like: torch.randn(like.shape, generator=generator)
    with torch.no_grad():
        for name, array in list(peer.named_parameters()) + list(peer.named_buffers()):
            if name.endswith("num_batches_tracked"):
                continue
            if array.dim() > 1:
                array.copy_(draw(array) * (2 / (array.numel() / array.shape[0])) ** 0.5)
            elif name.endswith("running_var") or name.endswith("weight"):
                array.copy_(0.5 + 0.5 * draw(array).abs().clamp(max=2))
            else:
                array.copy_(0.1 * draw(array))
            if name.endswith("c_bn.weight"):
                array.mul_(0.2)


def make_ours(peer, settings):
    ops = torch.ops.sslact_bench
    network = ops.create(settings)
    for name, array in list(peer.named_parameters()) + list(peer.named_buffers()):
        ops.set_array(network, name, array)
    return network


def make_peer(roi_align, layout=None):
    torch.manual_seed(0)
    peer = SlowFast(roi_align)
    fill(peer)
    peer.eval()  # frozen statistics, as trained; there is no dropout
    return peer.to(memory_format=layout) if layout else peer


def make_inputs(clips, side):
    generator = torch.Generator().manual_seed(2)
    frames = torch.randn(clips, 3, 32, side, side, generator=generator)
    corners = torch.rand(3 * clips, 4, generator=generator)
    low, high = corners[:, :2] * 0.5, 0.5 + corners[:, 2:] * 0.5
    index = torch.arange(3 * clips).div(3, rounding_mode="floor").float().unsqueeze(1)
    return frames, torch.cat([index, low, high], 1)


def pool_ours(features, boxes):
    return torch.ops.sslact.roi_align(features, boxes, 1.0, 7, 7, 0, False)


def load_torchvision(path):
    torch.ops.load_library(path)

    def pool(features, boxes):
        return torch.ops.torchvision.roi_align(features, boxes, 1.0, 7, 7, 0, False)
    return pool


def loss_of(logits):
    return logits.square().mean()


class Step:
    """Forward and backward; gradients are kept as an optimiser would find them."""

    def __init__(self, parameters, forward):
        self.parameters, self.forward = list(parameters), forward

    def __call__(self):
        for parameter in self.parameters:
            parameter.grad = None
        self.logits = self.forward()
        loss_of(self.logits).backward()


def make_reference(peer, pool, frames, rois):
    """Logits and gradients of a peer in float64."""
    wide = SlowFast(pool).double()
    wide.load_state_dict(peer.state_dict())
    wide.eval()
    step = Step(wide.parameters(), lambda: wide(frames.double(), rois.double()))
    step()
    return step.logits, {name: one.grad for name, one in wide.named_parameters()}


def measure_errors(step, names, reference):
    """Of the logits and of every gradient, against float64."""
    step()
    logits, gradients = reference
    return [relative(step.logits, logits)] + [
        relative(one.grad, gradients[name]) for name, one in zip(names, step.parameters)]


def compare_steps(ours, our_names, peer, peer_names, reference, tolerance):
    """Rounding moves maxima and the zero of a ReLU, in any implementation: what differs from float64
    by more than the tolerance may not differ by more than twice the peer's own difference."""
    own = max(measure_errors(peer, peer_names, reference))
    return verdict(measure_errors(ours, our_names, reference), max(tolerance, 2 * own)) + \
        f" (peer {own:.0e})"


def narrow(peer, frames, rois):
    with torch.autocast("cpu", torch.bfloat16):
        return peer(frames, rois)


def run_student(pool, options, rows):
    frames, rois = make_inputs(2, options.side)
    last = frames.to(memory_format=CHANNELS_LAST)
    reference = make_reference(make_peer(pool), pool, frames, rois)
    for precision in options.precisions:
        peers = [("eager", make_peer(pool), frames),
                 ("eager, channels last", make_peer(pool, CHANNELS_LAST), last)]
        network = make_ours(peers[0][1], ["model.preset=slowfast_r50_8x8",
                                          f"perf.precision={precision}"])
        ops = torch.ops.sslact_bench
        ours = Step(ops.list_parameters(network), lambda: ops.forward(network, frames, rois))
        wide = precision == "float32"
        steps = [(f"{name}{'' if wide else ', autocast'}", Step(peer.parameters(), (
            lambda peer=peer, x=x: peer(x, rois) if wide else narrow(peer, x, rois))))
            for name, peer, x in peers]
        names = [name for name, _ in peers[0][1].named_parameters()]
        correct = compare_steps(ours, ops.list_names(network), steps[0][1], names, reference, 1e-3)
        rows.append(measure_row(f"step/cpu/{options.side}px-b2/{precision}", ours, steps, correct,
                                options))


def measure_kept(parameters, forward):
    """Bytes that a forward keeps for its backward, parameters left out, each memory once."""
    known, kept = {parameter.untyped_storage().data_ptr() for parameter in parameters}, {}

    def keep(x):
        kept[x.untyped_storage().data_ptr()] = x
        return x
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        logits = forward()
    return logits, sum(x.untyped_storage().nbytes() for at, x in kept.items() if at not in known)


def measure_kept_by_clip(parameters, forward, frames, rois):
    """Logits of four clips, and what the last two add to the bytes kept, a clip: activations alone,
    without the folded weights or what else is kept once."""
    logits, four = measure_kept(parameters, lambda: forward(frames, rois))
    _, two = measure_kept(parameters, lambda: forward(frames[:2], rois[:6]))
    return logits, (four - two) / 2


def run_memory(pool, options, rows):
    frames, rois = make_inputs(4, options.side)
    last = frames.to(memory_format=CHANNELS_LAST)
    ops = torch.ops.sslact_bench
    for precision in options.precisions:
        wide = precision == "float32"
        peer = make_peer(pool, CHANNELS_LAST)
        network = make_ours(peer, ["model.preset=slowfast_r50_8x8", f"perf.precision={precision}"])
        ours = measure_kept_by_clip(ops.list_parameters(network), (
            lambda x, boxes: ops.forward(network, x, boxes)), frames, rois)
        theirs = measure_kept_by_clip(list(peer.parameters()), (
            lambda x, boxes: peer(x, boxes) if wide else narrow(peer, x, boxes)), last, rois)
        correct = verdict([relative(ours[0], theirs[0])], 1e-3 if wide else 5e-2)
        name = f"memory/cpu/{options.side}px/{precision}"
        rows.append({"row": name, "ours": ours[1], "peer": theirs[1], "peer_is": "eager",
                     "ratio": theirs[1] / ours[1], "correct": correct})
        print(f"{name:<34}{f'{ours[1] / 1e6:9.1f} MB a clip':<30}"
              f"{f'{theirs[1] / 1e6:9.1f} MB a clip':<30}{'eager, channels last':<26}"
              f"{theirs[1] / ours[1]:5.2f}  {correct}", flush=True)


def run_teacher(pool, options, rows):
    for clips, side, what in ((2, options.side, "teacher"), (1, options.predict_side, "predict")):
        frames, rois = make_inputs(clips, side)
        last = frames.to(memory_format=CHANNELS_LAST)
        for precision in options.precisions:
            wide = precision == "float32"
            peer, peer_last = make_peer(pool), make_peer(pool, CHANNELS_LAST)
            network = make_ours(peer, ["model.preset=slowfast_r50_8x8",
                                       f"perf.precision={precision}"])
            torch.ops.sslact_bench.hold(network)
            run = (lambda one, x: one(x, rois)) if wide else (lambda one, x: narrow(one, x, rois))
            ours = lambda: torch.ops.sslact_bench.forward(network, frames, rois)
            with torch.no_grad():
                correct = verdict([relative(ours(), peer(frames, rois))], 1e-3 if wide else 5e-2)
                name = "" if wide else ", autocast"
                peers = [(f"eager{name}", lambda: run(peer, frames)),
                         (f"eager, channels last{name}", lambda: run(peer_last, last))]
                rows.append(measure_row(f"{what}/cpu/{side}px-b{clips}/{precision}", ours, peers,
                                        correct, options))


# ---- RoIAlign ----

def run_roi_align(pool, options, rows):
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(8, 2304, 16, 22, generator=generator)
    _, rois = make_inputs(8, 8)
    rois = rois * torch.tensor([1.0, 22, 16, 22, 16])
    peer_gradient = torch.ops.torchvision._roi_align_backward
    our_gradient = torch.ops.sslact._roi_align_backward
    sizes = (8, 2304, 16, 22)
    for layout, of in (("plain", torch.contiguous_format), ("channels-last", torch.channels_last)):
        x = features.contiguous(memory_format=of)
        ours, theirs = pool_ours(x, rois), pool(x, rois)
        gradient = torch.randn(ours.shape, generator=generator).contiguous(memory_format=of)
        correct = verdict([relative(ours, theirs)], 1e-5)
        peers = [("torchvision", lambda: pool(x, rois))]
        rows.append(measure_row(f"roi_align/forward/{layout}", lambda: pool_ours(x, rois), peers,
                                correct, options))
        run_ours = lambda: our_gradient(gradient, rois, 1.0, 7, 7, *sizes, 0, False)
        run_peer = lambda: peer_gradient(gradient, rois, 1.0, 7, 7, *sizes, 0, False)
        correct = verdict([relative(run_ours(), run_peer())], 1e-5)
        rows.append(measure_row(f"roi_align/backward/{layout}", run_ours,
                                [("torchvision", run_peer)], correct, options))


# ---- the program ----

def read_options():
    parser = argparse.ArgumentParser(prog="tools/bench/networks")
    parser.add_argument("--library", default="build/sslact_bench_networks.so")
    parser.add_argument("--torchvision", default="", help="its _C.so; without it RoIAlign has no peer")
    parser.add_argument("--json", default="")
    parser.add_argument("--rows", default="step,memory,teacher,roi_align")
    parser.add_argument("--precisions", default="float32,bfloat16")
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--predict-side", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    options = parser.parse_args()
    options.precisions = [one for one in options.precisions.split(",") if one]
    return options


def main():
    options = read_options()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.ops.load_library(options.library)
    load = os.getloadavg()[0]
    print(f"sslact bench networks  torch {torch.__version__}  {torch.get_num_threads()} threads  "
          f"load {load:.2f}{'  NOISY' if load > 0.3 else ''}  times in ms, median [min..max]")
    print(f"{'row':<34}{'ours':<30}{'peer':<30}{'peer is':<26}ratio  correct")
    pool = load_torchvision(options.torchvision) if options.torchvision else pool_ours
    rows, wanted = [], options.rows.split(",")
    if "step" in wanted:
        run_student(pool, options, rows)
    if "memory" in wanted:
        run_memory(pool, options, rows)
    if "teacher" in wanted:
        run_teacher(pool, options, rows)
    if "roi_align" in wanted and options.torchvision:
        run_roi_align(pool, options, rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": platform.processor(), "torch": torch.__version__, "load": load,
                       "threads": torch.get_num_threads(), "rows": rows}, file, indent=1)
    return any(row["correct"].startswith("WRONG") for row in rows)


if __name__ == "__main__":
    sys.exit(main())
