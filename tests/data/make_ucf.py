"""Writes the folder ucf: one small made-up annotation in every form that UCF101-24's is found in.

The pickles have what the published ones have: numpy texts as keys and numpy bytes as counts,
box arrays of bytes in Fortran order (x + w does not fit them) and, of UCF101v2-GT.pkl's kind,
what Python 2 wrote in protocols 0 and 2. Needs numpy.

    python3 make_ucf.py
"""

import io
import pathlib
import pickle
import struct

import numpy

CLASSES = ["Basketball", "BasketballDunk", "Biking"]

# video: frames, class id, [(first frame from 0, [(x, y, w, h), ...]), ...]
VIDEOS = {
    "Basketball/v_Basketball_g01_c01": (
        12,
        0,
        [
            (2, [(10, 20, 30, 40), (11, 20, 30, 40), (12, 21, 30, 40)]),
            (4, [(200, 100, 110, 120), (201, 100, 110, 120)]),
        ],
    ),
    "Biking/v_Biking_g08_c02": (300, 2, [(0, [(1, 1, 319, 239), (2, 2, 300, 200)])]),
    "BasketballDunk/v_BasketballDunk_g02_c03": (5, 1, [(4, [(100, 50, 20, 30)])]),
}
TRAINING = ["Biking/v_Biking_g08_c02"]
FOLDER = pathlib.Path(__file__).resolve().parent / "ucf"


class OldPickler(pickle._Pickler):
    """Byte strings and numpy's module names as Python 2 wrote them."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, value):
        data = value if isinstance(value, bytes) else value.encode("latin1")
        if not self.bin:
            self.write(b"S" + repr(data)[1:].encode("ascii") + b"\n")
        elif len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = save_text
    dispatch[str] = save_text


def write_pickle(name, value, protocol, pickler=pickle._Pickler):
    out = io.BytesIO()
    pickler(out, protocol).dump(value)
    data = out.getvalue()
    if protocol < 4:  # a name of numpy 1, as in the published files
        data = data.replace(b"numpy._core.", b"numpy.core.")
    (FOLDER / name).write_bytes(data)


def smallest(boxes):
    return numpy.uint8 if max(map(max, boxes)) < 256 else numpy.uint16


def make_pyannot():
    result = {}
    for video, (frames, label, tubes) in VIDEOS.items():
        annotations = []
        for first, boxes in tubes:
            array = numpy.asfortranarray(numpy.array(boxes, dtype=smallest(boxes)))
            annotations.append(
                {"label": label, "ef": first + len(boxes), "boxes": array, "sf": first}
            )
        count = numpy.uint8(frames) if frames < 256 else numpy.uint16(frames)
        result[numpy.str_(video)] = {"annotations": annotations, "numf": count, "label": label}
    return result


def make_tubes():
    tubes = {}
    for video, (_, label, lists) in VIDEOS.items():
        tubes[video] = {
            label: [
                numpy.array(
                    [(first + 1 + i, x, y, x + w, y + h) for i, (x, y, w, h) in enumerate(boxes)],
                    dtype=numpy.float32,
                )
                for first, boxes in lists
            ]
        }
    test = [video for video in VIDEOS if video not in TRAINING]
    return {
        "labels": CLASSES,
        "gttubes": tubes,
        "nframes": {video: VIDEOS[video][0] for video in VIDEOS},
        "train_videos": [TRAINING, test],
        "test_videos": [test, TRAINING],
        "resolution": {video: (240, 320) for video in VIDEOS},
    }


def list_boxes():
    """video, frames, class, tube, frame from 0, x, y, w, h"""
    for video, (frames, label, tubes) in VIDEOS.items():
        for number, (first, boxes) in enumerate(tubes):
            for i, box in enumerate(boxes):
                yield (video, frames, label, number, first + i) + box


def write_table():
    rows = ["video,num_frames,class_id,tube,frame,x,y,w,h"]
    rows += [",".join(map(str, row)) for row in list_boxes()]
    (FOLDER / "table.csv").write_text("\n".join(rows) + "\n")


def write_frame_files():
    files = {}
    for video, _, label, _, frame, x, y, w, h in list_boxes():
        line = f"{label + 1} {x} {y} {x + w} {y + h}\n"
        files.setdefault((video, frame + 1), []).append(line)
    names = []
    for (video, frame), lines in files.items():
        path = FOLDER / "yowo" / "labels" / video / f"{frame:05d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines))
        if video in TRAINING:
            names.append(f"labels/{video}/{frame:05d}.txt")
        flat = FOLDER / "groundtruths" / f"{video.replace('/', '_')}_{frame:05d}.txt"
        flat.parent.mkdir(exist_ok=True)
        flat.write_text("".join(lines))
    (FOLDER / "yowo" / "trainlist.txt").write_text("\n".join(names) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "classes.txt").write_text(
        "".join(f"{i} {name}\n" for i, name in enumerate(CLASSES))
    )
    (FOLDER / "testlist.txt").write_text(
        "\n".join(video for video in VIDEOS if video not in TRAINING) + "\n"
    )
    write_table()
    write_frame_files()
    for protocol in (0, 2, 3, 4):
        write_pickle(f"pyannot_protocol_{protocol}.pkl", make_pyannot(), protocol)
    named = {"db": make_pyannot(), "trainvideos": TRAINING, "classes": CLASSES}
    write_pickle("pyannot_with_class_names.pkl", named, 3)
    for protocol in (0, 2):
        write_pickle(f"tubes_python_2_protocol_{protocol}.pkl", make_tubes(), protocol, OldPickler)
    write_pickle("tubes_protocol_4.pkl", make_tubes(), 4)


if __name__ == "__main__":
    main()
