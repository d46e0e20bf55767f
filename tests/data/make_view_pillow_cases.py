#!/usr/bin/env python3
# Writes view_pillow_cases.h: small pictures before and after Pillow's operations, the expected
# values of test_view_pixels.cpp. Needs Pillow (made with 13.0.0); the tests themselves do not.
import random

from PIL import Image, ImageEnhance, ImageOps


def make_picture(width, height, low, high, step):
    generator = random.Random(width * 1000 + height)
    values = range(low, high + 1, step)
    return Image.frombytes("RGB", (width, height),
                           bytes(generator.choice(values) for _ in range(width * height * 3)))


def enhance(kind, u, sign):
    return lambda picture: kind(picture).enhance(1 + sign * 0.9 * u)


small = make_picture(8, 6, 20, 230, 1)
grey = make_picture(8, 6, 90, 150, 1)
large = make_picture(24, 24, 10, 250, 16)
single = Image.new("RGB", (8, 6), (7, 130, 255))

CASES = [
    ("VIEW_AUTOCONTRAST", 0.3, 1, grey, ImageOps.autocontrast),
    ("VIEW_AUTOCONTRAST", 0.3, 1, single, ImageOps.autocontrast),
    ("VIEW_EQUALIZE", 0.3, 1, large, ImageOps.equalize),
    ("VIEW_EQUALIZE", 0.3, 1, small, ImageOps.equalize),
    ("VIEW_INVERT", 0.3, 1, small, ImageOps.invert),
    ("VIEW_POSTERIZE", 0.30, 1, small, lambda p: ImageOps.posterize(p, 7)),
    ("VIEW_POSTERIZE", 1.00, -1, small, lambda p: ImageOps.posterize(p, 4)),
    ("VIEW_SOLARIZE", 0.25, 1, small, lambda p: ImageOps.solarize(p, 192)),
    ("VIEW_SOLARIZE", 0.50, -1, small, lambda p: ImageOps.solarize(p, 128)),
]
for name, kind in [("VIEW_BRIGHTNESS", ImageEnhance.Brightness), ("VIEW_COLOR", ImageEnhance.Color),
                   ("VIEW_CONTRAST", ImageEnhance.Contrast),
                   ("VIEW_SHARPNESS", ImageEnhance.Sharpness)]:
    for u, sign in [(0.37, 1), (0.37, -1), (1.0, 1), (1.0, -1)]:
        CASES.append((name, u, sign, small, enhance(kind, u, sign)))


def render(picture):
    values = [str(value) for value in picture.tobytes()]
    lines, line = [], "     "
    for value in values:
        if len(line) + len(value) + 2 > 100:
            lines.append(line)
            line = "     "
        line += " " + value + ","
    return "\n".join(lines + [line])


with open("view_pillow_cases.h", "w") as out:
    out.write("// Written by make_view_pillow_cases.py; do not edit.\n#ifndef VIEW_PILLOW_CASES_H\n"
              "#define VIEW_PILLOW_CASES_H\n\n#include <vector>\n\n#include \"data/view.h\"\n\n"
              "struct pillow_case {\n    view_operation operation;\n    double u;\n    int sign;\n"
              "    int width, height;\n    std::vector<uint8_t> before, after; // [height][width][3]\n};\n\n"
              "// clang-format off\ninline const std::vector<pillow_case> PILLOW_CASES = {\n")
    for operation, u, sign, picture, function in CASES:
        out.write("    {%s, %s, %d, %d, %d, {\n%s\n    }, {\n%s\n    }},\n" %
                  (operation, u, sign, *picture.size, render(picture), render(function(picture))))
    out.write("};\n// clang-format on\n\n#endif\n")
