"""The networks of PySlowFast, ACAR-Net and mmaction2 in plain PyTorch, and their checkpoints.

A second implementation that shares no code with the library: check_models.py first holds it against
numbers that the original programs computed, then holds the library against it.
"""

import os
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "bench"))
import networks_peer  # noqa: E402

POSES = 13  # of the 60 evaluated classes of AVA


# ---- RoIAlign, as a product of two matrices a box ----

def make_axis(start, end, size, bins, aligned):
    """[bins, size]: the mean of the samples of every bin along one axis, bilinear."""
    start, end = (start - 0.5, end - 0.5) if aligned else (start, max(end, start + 1))
    width = (end - start) / bins
    samples = max(int(numpy.ceil(width)), 0)
    matrix = torch.zeros(bins, size, dtype=torch.float64)
    for b in range(bins):
        for i in range(samples):
            at = start + (b + (i + 0.5) / samples) * width
            if at < -1 or at > size:
                continue
            at = min(max(at, 0.0), size - 1.0)
            low = int(at)
            matrix[b, low] += (1 - (at - low)) / samples
            if low + 1 < size:
                matrix[b, low + 1] += (at - low) / samples
    return matrix


def roi_align(features, boxes, bins, aligned):
    """features [N, C, H, W] in float64, boxes [K, 5] in cells; [K, C, bins, bins]."""
    out = []
    for index, x1, y1, x2, y2 in boxes.tolist():
        rows = make_axis(y1, y2, features.shape[2], bins, aligned)
        columns = make_axis(x1, x2, features.shape[3], bins, aligned)
        out.append(torch.einsum("bh,chw,dw->cbd", rows, features[int(index)], columns))
    return torch.stack(out)


# ---- heads ----

class PySlowFastHead(nn.Module):
    """Boxes in sixteenths of a pixel of the clip; mmaction2's is the same with 8 x 8 bins."""

    def __init__(self, classes, aligned, bins=7, features=2304):
        super().__init__()
        self.projection = nn.Linear(features, classes)
        self.aligned, self.bins = aligned, bins

    def forward(self, slow, fast, rois, height, width):
        features = torch.cat([slow.mean(2), fast.mean(2)], 1)
        boxes = rois * rois.new_tensor([1, width, height, width, height]) / rois.new_tensor([1, 16, 16, 16, 16])
        return self.projection(roi_align(features, boxes, self.bins, self.aligned).amax((2, 3)))


class AcarLinearHead(nn.Module):
    """Boxes relative, times the size of the map."""

    def __init__(self, classes=60, features=2304):
        super().__init__()
        self.fc = nn.Linear(features, classes, bias=False)

    def forward(self, slow, fast, rois, height, width):
        features = torch.cat([slow.mean(2), fast.mean(2)], 1)
        return self.fc(pool_relative(features, rois))


def pool_relative(features, rois):
    height, width = features.shape[2:]
    return roi_align(features, rois * rois.new_tensor([1, width, height, width, height]), 7, False).amax((2, 3))


class HighOrderRelation(nn.Module):
    """Attention among the people of a clip at every position of their maps."""

    def __init__(self, width):
        super().__init__()
        for name in ("conv_q", "conv_k", "conv_v", "conv"):
            self.add_module(name, nn.Conv2d(width, width, 3, padding=1, bias=False))
        self.norm = nn.GroupNorm(1, width)

    def forward(self, x):
        q, k, v = self.conv_q(x), self.conv_k(x), self.conv_v(x)
        attention = torch.einsum("ichw,jchw->ijhw", q, k) / x.shape[1] ** 0.5
        found = torch.einsum("ijhw,jchw->ichw", attention.softmax(1), v)
        return x + self.conv(functional.relu(self.norm(found)))


class AcarHead(nn.Module):
    def __init__(self, classes=60, reduced=1024, hidden=512, depth=2):
        super().__init__()
        self.conv_reduce = nn.Conv2d(2304, reduced, 1, bias=False)
        self.conv1 = nn.Conv2d(2 * reduced, hidden, 1, bias=False)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, bias=False)
        self.hr2o = nn.ModuleList(HighOrderRelation(hidden) for _ in range(depth))
        self.fc1 = nn.Linear(reduced, hidden, bias=False)
        self.fc2 = nn.Linear(2 * hidden, classes, bias=False)

    def forward(self, slow, fast, rois, height, width):
        context = self.conv_reduce(torch.cat([slow.mean(2), fast.mean(2)], 1))
        rows = []
        for n in range(context.shape[0]):
            mine = rois[rois[:, 0] == n]
            if len(mine):
                rows.append(self.relate(context[n], pool_relative(context, mine)))
        return torch.cat(rows)

    def relate(self, context, people):
        """context [C, H, W], people [K, C]."""
        size = context.shape[1:]
        tiled = torch.cat([context.expand(len(people), *context.shape),
                           people[:, :, None, None].expand(*people.shape, *size)], 1)
        x = functional.relu(self.conv2(functional.relu(self.conv1(tiled))))
        x = functional.max_pool2d(x, 3, 2, 1)
        for layer in self.hr2o:
            x = layer(x)
        return self.fc2(torch.cat([functional.relu(self.fc1(people)), x.mean((2, 3))], 1))


class Network(networks_peer.SlowFast):
    """A backbone with one of the heads; clips [N, 3, T, H, W] and relative rois [K, 5] in float64."""

    def __init__(self, head):
        super().__init__(None)
        self.head = head
        self.double().eval()

    def list_stages(self, clips):
        slow, fast = self.s1(clips.index_select(2, self.pick_slow(clips.shape[2])), clips)
        yield "s1", slow, fast
        for i in range(self.stages):
            slow, fast = getattr(self, f"s{i + 1}_fuse")(slow, fast)
            yield f"s{i + 1}_fuse", slow, fast
            slow, fast = getattr(self, f"s{i + 2}")(slow, fast)
            yield f"s{i + 2}", slow, fast

    def pick_slow(self, frames):
        return networks_peer.make_slow_indices(frames, self.alpha)

    def forward(self, clips, rois):
        for _, slow, fast in self.list_stages(clips):
            pass
        return self.head(slow, fast, rois, clips.shape[3], clips.shape[4])


class Mmaction2Network(Network):
    """Bare lateral convolutions, no dilation, every fourth frame."""

    def __init__(self, head):
        super().__init__(head)
        for i in range(1, self.stages + 1):
            fusion = getattr(self, f"s{i}_fuse")
            fusion.bn, fusion.relu = nn.Identity(), nn.Identity()
        for name, module in self.s5.named_modules():
            if isinstance(module, nn.Conv3d) and module.kernel_size == (1, 3, 3):
                module.dilation, module.padding = (1, 1, 1), (0, 1, 1)

    def pick_slow(self, frames):
        return torch.arange(0, frames, self.alpha)


# ---- deterministic weights ----

def draw(k, count):
    """count numbers in -1 .. 1, a hash of k and the index."""
    with numpy.errstate(over="ignore"):
        h = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761)
        h += numpy.uint32(((k + 1) * 2246822519 + 374761393) % 2 ** 32)
        h ^= h >> numpy.uint32(15)
        h *= numpy.uint32(2246822519)
        h ^= h >> numpy.uint32(13)
        h *= numpy.uint32(3266489917)
        h ^= h >> numpy.uint32(16)
    return torch.from_numpy(h.astype(numpy.float64) / 2.0 ** 31 - 1)


def fill_one(name, array, k):
    u = draw(k, array.numel()).view(array.shape)
    if array.dim() > 1:
        array.copy_(u * (6 / (array.numel() / array.shape[0])) ** 0.5)
    elif name.endswith("running_mean"):
        array.copy_(0.1 * u)
    elif name.endswith("running_var"):
        array.copy_(1 + 0.5 * u)
    elif name.endswith("weight"):
        array.copy_(0.5 + 0.1 * u)
    else:
        array.copy_(0.1 * u)


def list_backbone(network):
    return {name: array for name, array in network.state_dict().items()
            if not name.startswith("head.") and not name.endswith("num_batches_tracked")}


PROJECTION = ("head.projection.bias", "head.projection.weight")


def fill(network):
    """Every array by its rank among the 552 names of PySlowFast's detector; a head of ACAR-Net by its
    rank among its own."""
    with torch.no_grad():
        full = Network(PySlowFastHead(80, True)) if not isinstance(network, Mmaction2Network) else network
        ranked = sorted(list(list_backbone(full)) + list(PROJECTION))
        head = network.head.state_dict()
        if isinstance(network.head, PySlowFastHead):
            ranks = {name: ranked.index("head." + name) for name in head}
        else:
            ranks = {name: k for k, name in enumerate(sorted(head))}
        for name, array in list_backbone(network).items():
            fill_one(name, array, ranked.index(name))
        for name, array in head.items():
            fill_one(name, array, ranks[name])
    return network


# ---- the names of the code bases ----

def list_canonical(network):
    """PySlowFast's names, float32, counters 0."""
    return {name: torch.tensor(0) if name.endswith("num_batches_tracked") else array.float()
            for name, array in network.state_dict().items()}


def rename_norm(part, weight, norm):
    """("weight" or "bn.running_mean") to the names behind a unit."""
    return weight if part == "weight" else norm + "." + part.split(".")[-1]


def to_acar(name):
    words = name.split(".")
    if words[0] == "s1":
        path = "slow" if words[1] == "pathway0_stem" else "fast"
        return f"{path}_{'conv1' if words[2] == 'conv' else 'bn1'}.{words[3]}"
    if words[0].endswith("_fuse"):
        return f"Tconv{words[0][1]}.{'0' if words[1] == 'conv_f2s' else '1'}.{words[2]}"
    path = "slow" if words[1].startswith("pathway0") else "fast"
    start = f"{path}_res{int(words[0][1:]) - 1}.{words[1].split('_res')[1]}"
    if words[2] == "branch1":
        return f"{start}.downsample.0.weight"
    if words[2] == "branch1_bn":
        return f"{start}.downsample_bn.{words[3]}"
    number = "abc".index(words[3][0]) + 1
    return f"{start}.{'bn' if words[3].endswith('_bn') else 'conv'}{number}.{words[4]}"


def to_caffe2(name):
    """The blob of an array, None for a counter."""
    words = name.split(".")
    ending = {"weight": "s", "bias": "b", "running_mean": "rm", "running_var": "riv"}.get(words[-1])
    if ending is None:
        return None
    if words[0] == "head":
        return "pred_" + ("w" if words[-1] == "weight" else "b")
    if words[0] == "s1":
        start = "t_" if words[1] == "pathway1_stem" else ""
        return start + ("conv1_w" if words[2] == "conv" else f"res_conv1_bn_{ending}")
    if words[0].endswith("_fuse"):
        stage = int(words[0][1])
        start = "t_pool1" if stage == 1 else f"t_res{stage}_{ {2: 2, 3: 3, 4: 5}[stage] }_branch2c_bn"
        return f"{start}_subsample_" + ("w" if words[1] == "conv_f2s" else f"bn_{ending}")
    start = "t_" if words[1].startswith("pathway1") else ""
    start += f"res{words[0][1]}_{words[1].split('_res')[1]}_"
    unit = words[2] if words[2].startswith("branch1") else "branch2" + words[3]
    return start + (unit + "_w" if not unit.endswith("_bn") else f"{unit}_{ending}")


def to_pytorchvideo(name):
    words = name.split(".")
    if words[0] == "head":
        return "detection_head.proj." + words[-1]
    if words[0] == "s1":
        return f"blocks.0.multipathway_blocks.{words[1][7]}.{'conv' if words[2] == 'conv' else 'norm'}.{words[3]}"
    if words[0].endswith("_fuse"):
        unit = "conv_fast_to_slow" if words[1] == "conv_f2s" else "norm"
        return f"blocks.{int(words[0][1]) - 1}.multipathway_fusion.{unit}.{words[2]}"
    start = (f"blocks.{int(words[0][1]) - 1}.multipathway_blocks.{words[1][7]}"
             f".res_blocks.{words[1].split('_res')[1]}.")
    if words[2] == "branch1":
        return start + "branch1_conv.weight"
    if words[2] == "branch1_bn":
        return start + "branch1_norm." + words[3]
    return f"{start}branch2.{'norm' if words[3].endswith('_bn') else 'conv'}_{words[3][0]}.{words[4]}"


def to_mmaction2(name):
    words = name.split(".")
    if words[0] == "head":
        return "roi_head.bbox_head.fc_cls." + words[-1]
    if words[0].endswith("_fuse"):
        stage = int(words[0][1])
        return f"backbone.slow_path.{'conv1' if stage == 1 else f'layer{stage - 1}'}_lateral.conv.weight"
    path = "slow_path" if words[1].startswith("pathway0") else "fast_path"
    if words[0] == "s1":
        return f"backbone.{path}.conv1.{words[2]}.{words[3]}"
    start = f"backbone.{path}.layer{int(words[0][1]) - 1}.{words[1].split('_res')[1]}."
    if words[2] == "branch1":
        return start + "downsample.conv.weight"
    if words[2] == "branch1_bn":
        return start + "downsample.bn." + words[3]
    unit = "bn" if words[3].endswith("_bn") else "conv"
    return f"{start}conv{'abc'.index(words[3][0]) + 1}.{unit}.{words[4]}"
