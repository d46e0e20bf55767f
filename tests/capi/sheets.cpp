// Contact sheets: the file, the clips and views it shows, and what is refused.

#include <cmath>
#include <map>

#include "capi_support.h"

namespace
{

using namespace test;

struct View {
    size_t clip;
    std::string video, view, changes;
    int people, masked, width, height;
};

int collect(const sslact_sheet_view *view, void *user)
{
    static_cast<std::vector<View> *>(user)->push_back({view->clip, view->video, view->view,
                                                       view->changes, view->people, view->masked,
                                                       view->width, view->height});
    return 0;
}

int refuse(const sslact_sheet_view *, void *)
{
    return 1;
}

// Width and height of a PNG file; 0 where it is none.
std::pair<unsigned, unsigned> read_size(const std::string &path)
{
    const std::string bytes = get_file(path);
    if (bytes.size() < 24 || bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") != 0) {
        return {0, 0};
    }
    const auto number = [&](size_t at) {
        unsigned value = 0;
        for (size_t i = at; i < at + 4; ++i) {
            value = value << 8 | static_cast<unsigned char>(bytes[i]);
        }
        return value;
    };
    return {number(16), number(20)};
}

TEST(Sheets, ShowTheClipsOfTheRunsBeginning)
{
    const TemporaryFolder folder;
    const std::string path = folder / "sheet.png", again = folder / "again.png";
    const Config config = tiny_config();
    const Dataset dataset = labelled_clips();
    std::vector<View> views;
    sslact_sheet_options options;
    SSLACT_INIT(options);
    options.view = collect;
    options.view_user = &views;
    ASSERT_DONE_WELL(
        sslact_dataset_draw_sheet(dataset, config, nullptr, 5, &options, path.c_str()));

    ASSERT_EQ(views.size(), 15u);
    std::map<size_t, int> clips;
    for (size_t n = 0; n < views.size(); ++n) {
        EXPECT_EQ(views[n].view, (std::vector<std::string>{"original", "weak", "strong"})[n % 3]);
        EXPECT_EQ(views[n].clip, views[n - n % 3].clip);
        EXPECT_EQ(views[n].video, "clip number " + std::to_string(views[n].clip + 1));
        EXPECT_EQ(views[n].people, 2);
        EXPECT_EQ(views[n].width, clip_width);
        EXPECT_EQ(views[n].height, clip_height);
        EXPECT_NE(views[n].changes, "");
        ++clips[views[n].clip];
    }
    EXPECT_EQ(clips.size(), 5u) << "an epoch takes every clip once";
    const auto [width, height] = read_size(path);
    EXPECT_GT(width, 5 * 240u);
    EXPECT_GT(height, 5 * 3 * 100u);

    ASSERT_DONE_WELL(
        sslact_dataset_draw_sheet(dataset, config, nullptr, 5, nullptr, again.c_str()));
    EXPECT_EQ(get_file(again), get_file(path)) << "the same words give the same bytes";
    const Config other = tiny_config({{"run.seed", "8"}});
    ASSERT_DONE_WELL(sslact_dataset_draw_sheet(dataset, other, nullptr, 5, nullptr, again.c_str()));
    EXPECT_NE(get_file(again), get_file(path));
}

TEST(Sheets, ShowTheClipsAskedForInTheSizeAskedFor)
{
    const TemporaryFolder folder;
    const std::string small = folder / "small.png", large = folder / "large.png";
    const Config config = tiny_config();
    const Dataset dataset = unlabelled_clips();
    const size_t clips[] = {4, 1, 1};
    std::vector<View> views;
    sslact_sheet_options options;
    SSLACT_INIT(options);
    options.view = collect;
    options.view_user = &views;
    options.columns = 2;
    options.frame_size = 200;
    ASSERT_DONE_WELL(sslact_dataset_draw_sheet(dataset, config, clips, 3, &options, small.c_str()));
    options.columns = 8;
    options.frame_size = 300;
    ASSERT_DONE_WELL(sslact_dataset_draw_sheet(dataset, config, clips, 3, &options, large.c_str()));

    ASSERT_EQ(views.size(), 18u);
    EXPECT_EQ(views[0].clip, 4u);
    EXPECT_EQ(views[3].clip, 1u);
    EXPECT_EQ(views[6].clip, 1u);
    EXPECT_GE(read_size(large).first, read_size(small).first + 8 * 300 - 2 * 200 - 100);
}

TEST(Sheets, FindsAClipByItsName)
{
    const Dataset dataset = labelled_clips();
    size_t index = 99;
    ASSERT_DONE_WELL(sslact_dataset_find_clip(dataset, "clip number 3", 0, &index));
    EXPECT_EQ(index, 2u);
    expect_failure(sslact_dataset_find_clip(dataset, "film", 0, &index), SSLACT_ERROR_NOT_FOUND,
                   {"video \"film\" has no clip", "5 clips"});
    EXPECT_EQ(index, 2u);
}

TEST(Sheets, RefuseWhatTheyCannotShowAndWriteNothing)
{
    const TemporaryFolder folder;
    const std::string path = folder / "sheet.png";
    const Config config = tiny_config();
    const Dataset dataset = labelled_clips();
    Dataset empty;
    ASSERT_DONE_WELL(sslact_dataset_create(3, nullptr, empty.out()));
    const size_t clips[] = {0, 5};
    sslact_sheet_options options;
    SSLACT_INIT(options);
    const auto draw = [&](const size_t *list, size_t count) {
        return sslact_dataset_draw_sheet(dataset, config, list, count, &options, path.c_str());
    };
    expect_failure(draw(clips, 2), SSLACT_ERROR_INVALID_ARGUMENT, {"clips[1] is 5", "5 clips"});
    expect_failure(draw(nullptr, 0), SSLACT_ERROR_INVALID_ARGUMENT, {"clip_count is 0", "1 to 32"});
    expect_failure(draw(nullptr, 33), SSLACT_ERROR_INVALID_ARGUMENT, {"clip_count is 33"});
    options.columns = 33;
    expect_failure(draw(clips, 1), SSLACT_ERROR_INVALID_ARGUMENT, {"options.columns is 33"});
    options.columns = 0;
    options.frame_size = 31;
    expect_failure(draw(clips, 1), SSLACT_ERROR_INVALID_ARGUMENT, {"options.frame_size is 31"});
    options.frame_size = 0;
    options.view = refuse;
    expect_failure(draw(clips, 1), SSLACT_ERROR_CANCELLED, {"view callback"});
    options.view = nullptr;
    expect_failure(sslact_dataset_draw_sheet(empty, config, nullptr, 1, nullptr, path.c_str()),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"no clips"});
    expect_failure(sslact_dataset_draw_sheet(dataset, tiny_config({{"data.frame_count", "16"}}),
                                             clips, 1, nullptr, path.c_str()),
                   SSLACT_ERROR_MISMATCH, {"8 frames", "data.frame_count"});
    const std::string nowhere = folder / "missing/sheet.png";
    EXPECT_LT(sslact_dataset_draw_sheet(dataset, config, clips, 1, nullptr, nowhere.c_str()),
              SSLACT_OK);
    EXPECT_EQ(folder.list().size(), 0u);
}

} // namespace
