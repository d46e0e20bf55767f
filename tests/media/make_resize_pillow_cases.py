#!/usr/bin/env python3
# Writes resize_pillow_cases.h: small pictures before and after Pillow's bilinear resizing, the
# expected values of pictures.cpp. Needs Pillow (made with 13.0.0); the tests themselves do not.
import random

from PIL import Image

SIZES = [(24, 18, 17, 13), (30, 20, 10, 7), (9, 7, 20, 15), (33, 12, 33, 7), (12, 33, 5, 33)]


def render(picture):
    values = [str(value) for value in picture.tobytes()]
    lines, line = [], "     "
    for value in values:
        if len(line) + len(value) + 2 > 100:
            lines.append(line)
            line = "     "
        line += " " + value + ","
    return "\n".join(lines + [line])


with open("resize_pillow_cases.h", "w") as out:
    out.write("// Written by make_resize_pillow_cases.py; do not edit.\n#ifndef RESIZE_PILLOW_CASES_H\n"
              "#define RESIZE_PILLOW_CASES_H\n\n#include <cstdint>\n#include <vector>\n\n"
              "struct resize_case {\n    int width, height, out_width, out_height;\n"
              "    std::vector<uint8_t> before, after; // [height][width][3]\n};\n\n"
              "// clang-format off\ninline const std::vector<resize_case> RESIZE_PILLOW_CASES = {\n")
    for width, height, out_width, out_height in SIZES:
        generator = random.Random(width * 1000 + height)
        before = Image.frombytes("RGB", (width, height), bytes(
            generator.randrange(256) for _ in range(width * height * 3)))
        after = before.resize((out_width, out_height), Image.BILINEAR)
        out.write(f"    {{{width}, {height}, {out_width}, {out_height},\n"
                  f"     {{\n{render(before)}\n     }},\n     {{\n{render(after)}\n     }}}},\n")
    out.write("};\n// clang-format on\n\n#endif\n")
