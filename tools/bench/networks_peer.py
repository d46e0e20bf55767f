"""SlowFast R50 in plain PyTorch modules, the way the public code bases are built.

The peer that the network benchmarks measure against, and a second opinion on its numbers: arrays
of a file that sslact wrote fit by name.
"""

import torch
from torch import nn


def make_slow_indices(frames, alpha):
    """Evenly from the first frame to the last ("full_span")."""
    count = frames // alpha
    return torch.tensor([i * (frames - 1) // (count - 1) for i in range(count)])


def make_convolution(inputs, outputs, kernel, stride=(1, 1, 1), dilation=1):
    padding = (kernel[0] // 2, kernel[1] // 2 * dilation, kernel[2] // 2 * dilation)
    return nn.Conv3d(inputs, outputs, kernel, stride, padding, (1, dilation, dilation), bias=False)


class PathwayStem(nn.Module):
    def __init__(self, width, kernel):
        super().__init__()
        self.conv = make_convolution(3, width, kernel, (1, 2, 2))
        self.bn = nn.BatchNorm3d(width)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def forward(self, x):
        return self.pool(self.relu(self.bn(self.conv(x))))


class Stem(nn.Module):
    def __init__(self, width, fast_width):
        super().__init__()
        self.pathway0_stem = PathwayStem(width, (1, 7, 7))
        self.pathway1_stem = PathwayStem(fast_width, (5, 7, 7))

    def forward(self, slow, fast):
        return self.pathway0_stem(slow), self.pathway1_stem(fast)


class Fusion(nn.Module):
    def __init__(self, channels, kernel, alpha):
        super().__init__()
        self.conv_f2s = make_convolution(channels, 2 * channels, (kernel, 1, 1), (alpha, 1, 1))
        self.bn = nn.BatchNorm3d(2 * channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, slow, fast):
        return torch.cat([slow, self.relu(self.bn(self.conv_f2s(fast)))], 1), fast


class Bottleneck(nn.Module):
    def __init__(self, inputs, inner, outputs, temporal, stride, dilation):
        super().__init__()
        self.a = make_convolution(inputs, inner, (temporal, 1, 1))
        self.a_bn = nn.BatchNorm3d(inner)
        self.b = make_convolution(inner, inner, (1, 3, 3), (1, stride, stride), dilation)
        self.b_bn = nn.BatchNorm3d(inner)
        self.c = make_convolution(inner, outputs, (1, 1, 1))
        self.c_bn = nn.BatchNorm3d(outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.relu(self.a_bn(self.a(x)))
        x = self.relu(self.b_bn(self.b(x)))
        return self.c_bn(self.c(x))


class Block(nn.Module):
    def __init__(self, inputs, inner, temporal, stride, dilation, first):
        super().__init__()
        outputs = 4 * inner
        if first:
            self.branch1 = make_convolution(inputs, outputs, (1, 1, 1), (1, stride, stride))
            self.branch1_bn = nn.BatchNorm3d(outputs)
        self.branch2 = Bottleneck(inputs, inner, outputs, temporal, stride, dilation)
        self.relu = nn.ReLU(inplace=True)
        self.first = first

    def forward(self, x):
        shortcut = self.branch1_bn(self.branch1(x)) if self.first else x
        return self.relu(shortcut + self.branch2(x))


class Stage(nn.Module):
    def __init__(self, pathways, blocks, stride, dilation):
        super().__init__()
        for name, (inputs, inner, temporal) in zip(("pathway0", "pathway1"), pathways):
            for i in range(blocks):
                block = Block(inputs, inner, temporal, stride if i == 0 else 1, dilation, i == 0)
                self.add_module(f"{name}_res{i}", block)
                inputs = 4 * inner
        self.blocks = blocks

    def forward(self, slow, fast):
        for i in range(self.blocks):
            slow = getattr(self, f"pathway0_res{i}")(slow)
            fast = getattr(self, f"pathway1_res{i}")(fast)
        return slow, fast


class Head(nn.Module):
    """Mean over time, RoIAlign, maximum over the box, linear."""

    def __init__(self, features, classes, roi_align):
        super().__init__()
        self.projection = nn.Linear(features, classes, bias=False)
        self.roi_align = roi_align

    def forward(self, slow, fast, rois):
        features = torch.cat([slow.mean(2), fast.mean(2)], 1).to(rois.dtype)
        height, width = features.shape[2:]
        boxes = rois * rois.new_tensor([1, width, height, width, height])
        return self.projection(self.roi_align(features, boxes).amax((2, 3)))


class SlowFast(nn.Module):
    """fast [N, 3, T, H, W], rois [K, 5] of (clip, x1, y1, x2, y2) relative; logits [K, C]."""

    def __init__(self, roi_align, classes=60, width=64, beta=8, alpha=4, blocks=(3, 4, 6, 3)):
        super().__init__()
        fast_width = width // beta
        self.alpha = alpha
        self.s1 = Stem(width, fast_width)
        strides, dilations = (1, 2, 2, 1), (1, 1, 1, 2)
        channels = fast_width
        for i, count in enumerate(blocks):
            growth = 1 if i == 0 else 2 << i
            self.add_module(f"s{i + 1}_fuse", Fusion(channels, 7, alpha))
            slow = (growth * (width + 2 * fast_width), width << i, 3 if i >= 2 else 1)
            fast = (growth * fast_width, fast_width << i, 3)
            self.add_module(f"s{i + 2}", Stage((slow, fast), count, strides[i], dilations[i]))
            channels = fast_width * (4 << i)
        features = (4 << (len(blocks) - 1)) * (width + fast_width)
        self.head = Head(features, classes, roi_align)
        self.stages = len(blocks)

    def forward(self, fast, rois):
        indices = make_slow_indices(fast.shape[2], self.alpha)
        slow, fast = self.s1(fast.index_select(2, indices), fast)
        for i in range(self.stages):
            slow, fast = getattr(self, f"s{i + 1}_fuse")(slow, fast)
            slow, fast = getattr(self, f"s{i + 2}")(slow, fast)
        return self.head(slow, fast, rois)
