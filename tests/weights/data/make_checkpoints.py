#!/usr/bin/env python3
"""Makes the small checkpoints beside this script with the programs that people make them with.

Needs torch 2.11 and numpy: PYTHONPATH=<folder with torch> python3 make_checkpoints.py
The numbers follow number() below; tests/weights/test_files.cpp has the same formula in C++.
"""
import collections
import io
import os
import pickle
import struct

import numpy
import torch

FOLDER = os.path.dirname(os.path.abspath(__file__))


def number(tensor, index):
    """A number that float16 and bfloat16 hold exactly."""
    return ((tensor * 7 + index * 5) % 61 - 30) / 4


def values(tensor, *shape):
    count = 1
    for length in shape:
        count *= length
    return torch.tensor([number(tensor, i) for i in range(count)]).reshape(shape)


def whole(tensor, *shape):
    return (values(tensor, *shape) * 4).to(torch.int64)


def make_state():
    state = collections.OrderedDict()
    state["float32"] = values(0, 2, 3)
    state["float64"] = values(1, 3, 2).double()
    state["float16"] = values(2, 5).half()
    state["bfloat16"] = values(3, 5).bfloat16()
    state["int64"] = whole(4, 4)
    state["int32"] = whole(5, 4).int()
    state["int16"] = whole(6, 4).short()
    state["int8"] = whole(7, 4).char()
    state["uint8"] = (whole(8, 4) + 60).byte()
    state["bool"] = whole(9, 8) % 2 == 0
    state["transposed"] = values(10, 3, 4).t()  # 4, 3
    state["sliced"] = values(11, 4, 6)[1:3, ::2]  # 2, 3
    base = values(12, 12)
    state["shared_a"] = base[:6].reshape(2, 3)
    state["shared_b"] = base[4:]
    state["scalar"] = torch.tensor(7)
    state["empty"] = torch.zeros(0, 3)
    state["parameter"] = torch.nn.Parameter(values(13, 3))
    state["expanded"] = values(14, 3).reshape(3, 1).expand(3, 2)
    state._metadata = {"": {"version": 1}}
    return state


def make_training(state):
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    parameter.sum().backward()
    optimizer.step()
    return {"epoch": 3, "model_state": state, "optimizer_state": optimizer.state_dict(),
            "cfg": "TRAIN:\n  ENABLE: true\n"}


class OldPickler(pickle._Pickler):
    """Writes byte strings as Python 2 did, and numpy's old module name."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, value):
        data = value if isinstance(value, bytes) else value.encode("latin1")
        if len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = save_text
    dispatch[str] = save_text


def old_dumps(value):
    out = io.BytesIO()
    OldPickler(out, 2).dump(value)
    return out.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def make_arrays():
    return {
        "float32": values(0, 2, 3).numpy(),
        "big_endian": values(1, 3, 2).numpy().astype(">f8"),
        "float16": values(2, 5).half().numpy(),
        "fortran": numpy.asfortranarray(values(10, 4, 3).numpy()),
        "int64": whole(4, 4).numpy(),
        "bool": (whole(9, 8) % 2 == 0).numpy(),
        "high": (whole(8, 4) + 200).byte().numpy(),
    }


def make_caffe2():
    """Some blobs of a SlowFast network, in the layout of PySlowFast's older zoo."""
    blobs = {
        "conv1_w": values(0, 2, 3, 1, 2, 2).numpy(),
        "t_conv1_w": values(1, 2, 3, 2, 1, 1).numpy(),
        "res_conv1_bn_s": values(2, 2).numpy(),
        "res_conv1_bn_b": values(3, 2).numpy(),
        "res_conv1_bn_rm": values(4, 2).numpy(),
        "res_conv1_bn_riv": values(5, 2).numpy(),
        "t_pool1_subsample_w": values(6, 4, 2, 7).numpy(),
        "t_res3_3_branch2c_bn_subsample_bn_riv": values(7, 3).numpy(),
        "res4_5_branch2b_w": values(8, 2, 2, 1, 3, 3).numpy(),
        "pred_w": values(9, 3, 4).numpy(),
        "pred_b": values(10, 3).numpy(),
        "pred_w_momentum": values(11, 3, 4).numpy(),
        "lr": numpy.float32(0.1) * numpy.ones(1, numpy.float32),
        "model_iter": numpy.array([5], numpy.int64),
    }
    return {"blobs": blobs, "cfg": "MODEL:\n"}


def write(name, data):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


def save(name, value, **options):
    torch.save(value, os.path.join(FOLDER, name), **options)


def main():
    state = make_state()
    save("training_zip.pyth", make_training(state))
    save("training_stream.pth", make_training(state), _use_new_zipfile_serialization=False)
    wrapped = {"module." + name: value for name, value in state.items()}
    save("bare_wrapped.pt", wrapped)
    torch.serialization.set_crc32_options(False)
    save("no_checksums.pt", {"state_dict": {"float32": state["float32"]}})
    torch.serialization.set_crc32_options(True)
    for protocol in (2, 3, 4, 5):
        write("numpy_protocol_%d.pkl" % protocol, pickle.dumps(make_arrays(), protocol))
    write("caffe2_python_2.pkl", old_dumps(make_caffe2()))


if __name__ == "__main__":
    main()
