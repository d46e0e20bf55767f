"""Prints what torch.load(weights_only=True) finds in files, for test_convert.cpp.

Words: FILE KEY, any number of times; KEY names the dict of the weights, "" if it is at the top. A
line for each tensor: name, type, shape, bytes as hexadecimal digits. First a line on the zip:
whether its checksums are right, all members stored, all payloads at multiples of 64.
"""
import sys
import zipfile

import torch


def describe_zip(path):
    archive = zipfile.ZipFile(path)
    stored = all(m.compress_type == zipfile.ZIP_STORED for m in archive.infolist())
    aligned = True
    with open(path, "rb") as file:
        for member in archive.infolist():
            file.seek(member.header_offset + 26)
            name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
            aligned = aligned and (member.header_offset + 30 + name + extra) % 64 == 0
    return "sound %s stored %s aligned %s" % (archive.testzip() is None, stored, aligned)


def describe(path, key):
    print(describe_zip(path))
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    state = loaded[key] if key else loaded
    print(type(state).__name__)
    for name, tensor in state.items():
        data = tensor.contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else tensor
        digits = bytes(data.tolist()).hex() if tensor.numel() else ""
        shape = ",".join(str(length) for length in tensor.shape)
        print("%s %s [%s] %s" % (name, str(tensor.dtype)[6:], shape, digits))


for place in range(1, len(sys.argv), 2):
    describe(*sys.argv[place:place + 2])
