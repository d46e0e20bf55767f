#!/usr/bin/env python3
# Writes geometry_pillow_cases.h: a small picture moved by Pillow, the expected values of
# test_view_geometry.cpp. Needs Pillow (made with 13.0.0); the tests themselves do not.
import random

from PIL import Image

WIDTH, HEIGHT, EMPTY = 23, 16, (115, 115, 115)
generator = random.Random(7)
# Blocks of two pixels: smooth enough that a map a hundredth of a pixel off would not be seen as
# noise, sharp enough that one half a pixel off is.
picture = Image.frombytes("RGB", (WIDTH // 2 + 1, HEIGHT // 2), bytes(
    generator.randrange(256) for _ in range((WIDTH // 2 + 1) * (HEIGHT // 2) * 3)))
picture = picture.resize((WIDTH, HEIGHT), Image.BILINEAR)


def move(inverse):
    """inverse: where a place of the result lies in the source."""
    return picture.transform(picture.size, Image.AFFINE, inverse, Image.BILINEAR, fillcolor=EMPTY)


def rotate(v):
    return picture.rotate(-30 * v, Image.BILINEAR, fillcolor=EMPTY)  # Pillow turns anticlockwise


OPERATIONS = [
    ("VIEW_ROTATE", rotate),
    ("VIEW_SHEAR_X", lambda v: move((1, -0.3 * v, 0.3 * v * HEIGHT / 2, 0, 1, 0))),
    ("VIEW_SHEAR_Y", lambda v: move((1, 0, 0, -0.3 * v, 1, 0.3 * v * WIDTH / 2))),
    ("VIEW_TRANSLATE_X", lambda v: move((1, 0, -0.45 * v * WIDTH, 0, 1, 0))),
    ("VIEW_TRANSLATE_Y", lambda v: move((1, 0, 0, 0, 1, -0.45 * v * HEIGHT))),
]


def render(image):
    lines, line = [], "     "
    for value in map(str, image.tobytes()):
        if len(line) + len(value) + 2 > 100:
            lines.append(line)
            line = "     "
        line += " " + value + ","
    return "\n".join(lines + [line])


with open("geometry_pillow_cases.h", "w") as out:
    out.write("// Written by make_geometry_pillow_cases.py; do not edit.\n"
              "#ifndef GEOMETRY_PILLOW_CASES_H\n#define GEOMETRY_PILLOW_CASES_H\n\n"
              "#include <vector>\n\n#include \"data/view.h\"\n\n"
              "struct pillow_move {\n    view_operation operation;\n    double u;\n    int sign;\n"
              "    std::vector<uint8_t> after; // [height][width][3]\n};\n\n// clang-format off\n"
              f"inline constexpr int PILLOW_WIDTH = {WIDTH}, PILLOW_HEIGHT = {HEIGHT};\n"
              "inline const std::vector<uint8_t> PILLOW_PICTURE = {\n" + render(picture) + "\n};\n\n"
              "inline const std::vector<pillow_move> PILLOW_MOVES = {\n")
    for name, function in OPERATIONS:
        for u, sign in [(0.31, 1), (0.31, -1), (0.93, 1)]:  # no origin exactly on the border
            out.write("    {%s, %s, %d, {\n%s\n    }},\n" % (name, u, sign, render(function(u * sign))))
    out.write("};\n// clang-format on\n\n#endif\n")
