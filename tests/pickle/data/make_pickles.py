"""Writes the small pickles of this folder: one object in every protocol of Python 3 and, by a
pickler that does what Python 2's did, in those of Python 2. Needs numpy.

    python3 make_pickles.py [FOLDER]
"""

import io
import pathlib
import pickle
import struct
import sys

import numpy


def make_object():
    boxes = numpy.array([[1, 2, 250, 200], [3, 4, 251, 201], [5, 6, 252, 202]], dtype=numpy.uint8)
    return {
        "text": "it's \"so\"\\\n\u00e9",
        "far": "\u20ac",
        "number": 300,
        "negative": -5,
        "long": 2**40,
        "huge": 2**80,
        "real": 0.1,
        "yes": True,
        "none": None,
        "tuple": (1, 2, 3, 4),
        "list": ["a", ["b"], {}],
        "again": boxes,
        "bytes": boxes,
        "fortran": numpy.asfortranarray(boxes.astype(numpy.uint16) * 2),
        "big_endian": numpy.array([[0.5, -1.25]], dtype=">f4"),
        "scalar": numpy.uint8(200),
        "scalar_negative": numpy.int16(-7),
        "scalar_real": numpy.float32(0.25),
        "scalar_yes": numpy.bool_(True),
        numpy.str_("key/of_numpy"): numpy.str_("v_\u00e9\u20ac"),
        "old_text": numpy.bytes_(b"old"),
        numpy.int64(7): "numbers may be keys",
    }


class OldPickler(pickle._Pickler):
    """Byte strings and whole numbers as Python 2 wrote them, and numpy's old module name."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, value):
        data = value if isinstance(value, bytes) else value.encode("latin1", "replace")
        if not self.bin:
            self.write(b"S" + repr(data)[1:].encode("ascii") + b"\n")
        elif len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = save_text
    dispatch[str] = save_text


def dump(value, protocol, pickler=pickle._Pickler):
    out = io.BytesIO()
    pickler(out, protocol).dump(value)
    # numpy 2 has renamed its modules; the files in the world were written before.
    data = out.getvalue()
    return data if protocol >= 4 else data.replace(b"numpy._core.", b"numpy.core.")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    for protocol in range(6):
        (folder / f"python_3_protocol_{protocol}.pkl").write_bytes(dump(make_object(), protocol))
    for protocol in range(3):
        data = dump(make_object(), protocol, OldPickler)
        (folder / f"python_2_protocol_{protocol}.pkl").write_bytes(data)


if __name__ == "__main__":
    main()
