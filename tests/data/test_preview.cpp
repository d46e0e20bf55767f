// What a person is shown is what the network gets.
#include "data/preview.h"

#include <cmath>
#include <cstring>
#include <set>

#include "data/loader.h"
#include "data_support.h"

namespace
{

using test::ConfigHolder;
using test::DatasetHolder;
using test::Settings;

constexpr int FRAMES = 4, HEIGHT = 24, WIDTH = 32, CLASSES = 2;

struct Preview {
    preview value = {};
    ~Preview() { preview_free(&value); }
};

DatasetHolder make_set(const std::string &prefix, size_t count, bool labeled)
{
    dataset *made = nullptr;
    EXPECT_EQ(dataset_create(CLASSES, nullptr, &made), SSLACT_OK);
    for (size_t n = 0; n < count; n++) {
        std::vector<uint8_t> pixels(FRAMES * HEIGHT * WIDTH * 3);
        for (size_t b = 0; b < pixels.size(); b++) {
            pixels[b] = static_cast<uint8_t>(b * 7 + n * 31 + b / 97);
        }
        const sslact_box boxes[] = {{0.2f, 0.2f, 0.6f, 0.8f}, {0.7f, 0.1f, 0.95f, 0.5f}};
        const uint8_t labels[] = {1, 0, 1, 1};
        const std::string name = prefix + std::to_string(n);
        sslact_clip clip;
        SSLACT_INIT(clip);
        clip.pixels = pixels.data();
        clip.frame_count = FRAMES;
        clip.height = HEIGHT;
        clip.width = WIDTH;
        clip.boxes = boxes;
        clip.box_count = 2;
        clip.labels = labeled ? labels : nullptr;
        clip.name = name.c_str();
        EXPECT_EQ(dataset_append(made, &clip), SSLACT_OK) << sslact_error_get_message();
    }
    return DatasetHolder(made);
}

ConfigHolder make_config(Settings changes)
{
    changes.insert({{"data.frame_count", std::to_string(FRAMES)},
                    {"model.class_count", std::to_string(CLASSES)},
                    {"solver.batch_labeled", "3"},
                    {"solver.batch_unlabeled", "2"},
                    {"run.loader_threads", "1"},
                    {"run.seed", "4"}});
    return test::make_settings(changes);
}

std::string spell(const clip *c, const uint8_t *visible)
{
    std::string out(reinterpret_cast<const char *>(c->pixels),
                    static_cast<size_t>(c->frame_count) * c->height * c->width * 3);
    out.append(reinterpret_cast<const char *>(c->boxes), sizeof *c->boxes * c->box_count);
    return out.append(reinterpret_cast<const char *>(visible), c->box_count);
}

std::string spell(const batch_half &half, size_t i)
{
    return spell(half.clips[i], half.visible[i]);
}

std::string spell(const preview_view &view)
{
    return spell(view.clip, view.visible);
}

// The first `count` batches of a run.
std::vector<batch *> load(const config *c, dataset *labeled, dataset *unlabeled, int count)
{
    loader *source = nullptr;
    EXPECT_EQ(loader_create(c, labeled, unlabeled, 0, &source), SSLACT_OK);
    std::vector<batch *> batches;
    for (int n = 0; n < count; n++) {
        batch *next = nullptr;
        EXPECT_EQ(loader_next(source, &next), SSLACT_OK) << sslact_error_get_message();
        batches.push_back(next);
    }
    loader_free(source);
    return batches;
}

TEST(Preview, LabelledClipsAreShownAsTheLoaderGivesThem)
{
    const DatasetHolder set = make_set("l", 7, true);
    for (const char *view : {"weak", "strong", "both"}) {
        const ConfigHolder c = make_config({{"ssl.labeled_view", view}});
        const std::vector<batch *> batches = load(c.get(), set.get(), nullptr, 3);
        for (size_t sample = 0; sample < 9; sample++) {
            const batch_half &half = batches[sample / 3]->labeled;
            const size_t i = sample % 3, index = preview_pick(c.get(), set.get(), sample);
            Preview shown;
            ASSERT_EQ(preview_make(c.get(), set.get(), index, sample, &shown.value), SSLACT_OK);
            ASSERT_EQ(shown.value.view_count, 3u);
            EXPECT_EQ(static_cast<int64_t>(index), half.indices[i]);
            const bool strong =
                std::strcmp(view, "strong") == 0 || (std::strcmp(view, "both") == 0 && i % 2 == 1);
            const preview_view *views = shown.value.views;
            EXPECT_EQ(spell(views[strong ? 2 : 1]), spell(half, i)) << view << " " << sample;
            EXPECT_NE(spell(views[strong ? 1 : 2]), spell(half, i)) << view << " " << sample;
            EXPECT_STREQ(views[0].name, "original");
            EXPECT_STREQ(views[1].name, "weak");
            EXPECT_STREQ(views[2].name, "strong");
            EXPECT_STREQ(views[strong ? 2 : 1].purpose, "what the student is trained on");
            EXPECT_EQ(views[strong ? 1 : 2].purpose,
                      std::string("not trained on here (ssl.labeled_view=") + view + ")");
        }
        for (batch *b : batches) {
            batch_free(b);
        }
    }
}

TEST(Preview, UnlabelledClipsAreShownAsTeacherAndStudentGetThem)
{
    const DatasetHolder labeled = make_set("l", 3, true), unlabeled = make_set("u", 5, false);
    for (const char *view : {"strong", "weak"}) {
        const ConfigHolder c = make_config({{"ssl.unlabeled_view", view}});
        const std::vector<batch *> batches = load(c.get(), labeled.get(), unlabeled.get(), 2);
        for (size_t sample = 0; sample < 4; sample++) {
            const batch *b = batches[sample / 2];
            const size_t i = sample % 2;
            const size_t index = static_cast<size_t>(b->unlabeled_weak.indices[i]);
            Preview shown;
            ASSERT_EQ(preview_make(c.get(), unlabeled.get(), index, sample, &shown.value),
                      SSLACT_OK);
            EXPECT_EQ(spell(shown.value.views[1]), spell(b->unlabeled_weak, i));
            EXPECT_EQ(spell(shown.value.views[2]), spell(b->unlabeled_strong, i));
            EXPECT_STREQ(shown.value.views[2].name, view);
            EXPECT_STREQ(shown.value.views[1].purpose, "what the teacher labels");
        }
        for (batch *b : batches) {
            batch_free(b);
        }
    }
}

TEST(Preview, TheOriginalIsTheClipAsItIsRead)
{
    const DatasetHolder set = make_set("l", 3, true);
    const ConfigHolder c = make_config({});
    Preview shown;
    ASSERT_EQ(preview_make(c.get(), set.get(), 1, 0, &shown.value), SSLACT_OK);
    const test::ClipHolder read = test::read_clip(set.get(), 1);
    const uint8_t all[] = {1, 1};
    EXPECT_EQ(spell(shown.value.views[0]), spell(read.get(), all));
    EXPECT_STREQ(shown.value.views[0].changes, "32 x 24 pixels, 4 frames");
    EXPECT_EQ(shown.value.step_seconds, 0); // a program's own clips say nothing of time
    EXPECT_EQ(shown.value.index, 1u);
}

// Lines of the strong views of many samples.
std::set<std::string> list_changes(const config *c, dataset *set, size_t view, int samples)
{
    std::set<std::string> lines;
    for (int sample = 0; sample < samples; sample++) {
        Preview shown;
        EXPECT_EQ(preview_make(c, set, 0, static_cast<uint64_t>(sample), &shown.value), SSLACT_OK);
        std::string all = shown.value.views[view].changes;
        for (size_t end; !all.empty(); all.erase(0, end)) {
            end = std::min(all.find('\n'), all.size());
            lines.insert(all.substr(0, end));
            end += end < all.size();
        }
    }
    return lines;
}

TEST(Preview, SaysInTheUnitsOfTheMethodWhatWasDrawn)
{
    const DatasetHolder set = make_set("u", 1, false);
    // u = 15 / 30 on every frame: factors 1.45 and 0.55, 6 bits, level 128, 15 degrees, ...
    const ConfigHolder c =
        make_config({{"augment.aug_m", "15"}, {"augment.aug_temporal", "false"}});
    const std::set<std::string> lines = list_changes(c.get(), set.get(), 2, 400);
    const std::set<std::string> expected = {"autocontrast",
                                            "equalize",
                                            "invert",
                                            "identity",
                                            "brightness times 1.45",
                                            "brightness times 0.55",
                                            "color times 1.45",
                                            "color times 0.55",
                                            "contrast times 1.45",
                                            "contrast times 0.55",
                                            "sharpness times 1.45",
                                            "sharpness times 0.55",
                                            "posterize 6 bits",
                                            "solarize from level 128",
                                            "rotate +15.0 degrees",
                                            "rotate -15.0 degrees",
                                            "shear_x +0.15",
                                            "shear_x -0.15",
                                            "shear_y +0.15",
                                            "shear_y -0.15",
                                            "translate_x +22.5 %",
                                            "translate_x -22.5 %",
                                            "translate_y +22.5 %",
                                            "translate_y -22.5 %",
                                            "flip"};
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(list_changes(c.get(), set.get(), 1, 60),
              (std::set<std::string>{"flip", "unchanged"}));
}

TEST(Preview, SaysHowTheStrengthMovesOverTheClip)
{
    const DatasetHolder set = make_set("u", 1, false);
    const ConfigHolder c = make_config({{"augment.aug_m", "15"}, {"augment.aug_n", "1"}});
    bool moving = false;
    for (const std::string &line : list_changes(c.get(), set.get(), 2, 60)) {
        double first = 0, last = 0;
        if (std::sscanf(line.c_str(), "rotate %lf to %lf degrees", &first, &last) == 2) {
            EXPECT_NEAR(std::fabs(first + last), 30, 0.11); // the ends lie evenly around 15
            moving = true;
        }
    }
    EXPECT_TRUE(moving);
}

TEST(Preview, NamesScaleCropAndJitter)
{
    const DatasetHolder set = make_set("l", 1, true);
    const ConfigHolder c = make_config({{"augment.scale_min", "24"},
                                        {"augment.scale_max", "24"},
                                        {"augment.crop", "16"},
                                        {"augment.flip", "false"}});
    const std::set<std::string> lines = list_changes(c.get(), set.get(), 1, 1);
    EXPECT_EQ(lines.count("short side 24"), 1u);
    EXPECT_EQ(lines.count("box edges moved by up to 7.5 %"), 1u);
    bool crop = false;
    for (const std::string &line : lines) {
        crop = crop || line.rfind("crop 16 x 16, at ", 0) == 0;
    }
    EXPECT_TRUE(crop);
}

TEST(Preview, JudgesBoxesByWhatIsLeftOfThem)
{
    const DatasetHolder set = make_set("u", 1, false);
    const ConfigHolder c = make_config({{"augment.aug_m", "30"}});
    std::set<std::string> judgements;
    for (uint64_t sample = 0; sample < 200; sample++) {
        Preview shown;
        ASSERT_EQ(preview_make(c.get(), set.get(), 0, sample, &shown.value), SSLACT_OK);
        for (int32_t box = 0; box < 2; box++) {
            EXPECT_STREQ(preview_judge_box(&shown.value, 0, box), "");
            const std::string said = preview_judge_box(&shown.value, 2, box);
            const sslact_box &b = shown.value.views[2].clip->boxes[box];
            const bool border = b.x1 == 0 || b.y1 == 0 || b.x2 == 1 || b.y2 == 1;
            EXPECT_EQ(said == "masked: less than a quarter is left",
                      shown.value.views[2].visible[box] == 0);
            EXPECT_EQ(said.empty(), !border && shown.value.views[2].visible[box] == 1);
            judgements.insert(said);
        }
    }
    EXPECT_EQ(judgements.size(), 3u);
}

TEST(Preview, RefusesClipsThatTheNetworkCannotTake)
{
    const DatasetHolder set = make_set("u", 1, false);
    const ConfigHolder c = make_config({{"data.frame_count", "8"}});
    preview none = {};
    EXPECT_EQ(preview_make(c.get(), set.get(), 0, 0, &none), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(none.view_count, 0u);
    EXPECT_LT(preview_make(c.get(), set.get(), 5, 0, &none), SSLACT_OK); // no such clip
    preview_free(&none);
}

TEST(FindClip, GivesTheKeyFrameNearestInTime)
{
    const test::TemporaryFolder folder;
    test::put_file(folder / "labels.csv", "-a,0902,0,0,1,1,1,0\n-a,0905,0,0,1,1,1,0\n"
                                          "b,0903,0,0,1,1,1,0\n");
    test::put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 1 }\n");
    const DatasetHolder set = test::open_split({{"data.train.labels", folder / "labels.csv"},
                                                {"data.actions", folder / "actions.pbtxt"},
                                                {"model.class_count", "1"}},
                                               "train");
    const auto find = [&](const char *video, double seconds) {
        size_t index = 99;
        EXPECT_EQ(dataset_find_clip(set.get(), video, seconds, &index), SSLACT_OK);
        return index;
    };
    EXPECT_EQ(find("-a", 0), 0u);
    EXPECT_EQ(find("-a", 903.4), 0u);
    EXPECT_EQ(find("-a", 903.5), 0u); // the earlier one of two
    EXPECT_EQ(find("-a", 903.6), 1u);
    EXPECT_EQ(find("-a", 1e9), 1u);
    EXPECT_EQ(find("b", 902), 2u);
    size_t index = 99;
    EXPECT_EQ(dataset_find_clip(set.get(), "c", 902, &index), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(dataset_find_clip(set.get(), "b", NAN, &index), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(index, 99u);
}

} // namespace
