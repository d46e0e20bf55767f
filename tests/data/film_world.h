// A data set of two films, which are folders of pictures whose grey value is the number of the
// frame.
#ifndef TESTS_DATA_FILM_WORLD_H
#define TESTS_DATA_FILM_WORLD_H

#include "data_support.h"

namespace test
{

constexpr int WIDTH = 12, HEIGHT = 8;

// A grey 24-bit BMP, written here byte by byte.
inline std::string make_picture(int grey)
{
    const uint32_t pixel_bytes = WIDTH * HEIGHT * 3; // rows of 36 bytes need no padding
    const uint32_t header[13] = {54 + pixel_bytes, 0,    54,   40, WIDTH, HEIGHT, 1u | 24u << 16, 0,
                                 pixel_bytes,      2835, 2835, 0,  0};
    std::string bytes = "BM";
    bytes.append(reinterpret_cast<const char *>(header), sizeof header);
    return bytes.append(pixel_bytes, static_cast<char>(grey));
}

inline void make_video(const std::string &path, int frame_count)
{
    std::filesystem::create_directories(path);
    for (int n = 0; n < frame_count; n++) {
        char name[32];
        std::snprintf(name, sizeof name, "/%06d.bmp", n + 1);
        put_file(path + name, make_picture(n));
    }
}

// Two films of 90 and 60 frames at 30 a second that begin at second 900.
struct World {
    World()
    {
        make_video(folder / "videos/-a_1", 90);
        make_video(folder / "videos/sub/b", 60);
        put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 12 }\n"
                                           "item { name: \"watch\" id: 80 }\n");
        put_file(folder / "labels.csv",
                 "-a_1,0901,0.1,0.2,0.5,1,12,0\n-a_1,0901,0.1,0.2,0.5,1,80,0\n"
                 "-a_1,0901,0.5,0.2,0.9,1,80,1\n-a_1,0902,0,0,1,1,12,0\n"
                 "b,0901,0,0,1,1,80,0\n");
        settings = {{"data.video_root", folder / "videos"},
                    {"data.actions", folder / "actions.pbtxt"},
                    {"data.train.labels", folder / "labels.csv"},
                    {"data.start_offset_seconds", "900"},
                    {"data.frame_count", "8"},
                    {"data.short_side", "0"},
                    {"model.class_count", "2"}};
    }
    DatasetHolder open() const { return open_split(settings, "train"); }

    TemporaryFolder folder;
    Settings settings;
};

} // namespace test

#endif
