// Frame lists: clips read through a list against clips of padded folders, and lists that are wrong.
#include "data/check.h"

#include <algorithm>
#include <fstream>

#include "film_world.h"

namespace
{

using test::collect_problem;
using test::DatasetHolder;
using test::FoundProblem;
using test::put_file;
using test::World;

const char *const HEADER = "original_vido_id video_id frame_id path labels";

// One line a picture of "videos": those of -a_1 are renamed without padding, so that img_10 sorts
// before img_9, and the lines of both films are mixed.
struct ListedWorld : World {
    ListedWorld()
    {
        std::filesystem::create_directories(folder / "listed/deep/a");
        for (int n = 0; n < 90; n++) {
            const std::string name = "deep/a/img_" + std::to_string(n + 1) + ".bmp";
            put_file(folder / ("listed/" + name), test::make_picture(n));
            lines.push_back("-a_1 0 " + std::to_string(n) + " " + name + " \"\"");
        }
        for (int n = 0; n < 60; n++) {
            const std::string name = "b_" + std::to_string(n) + ".bmp";
            put_file(folder / ("listed/" + name), test::make_picture(n));
            lines.push_back("b 1 " + std::to_string(n) + " " + name + " \"\"");
        }
        for (int n = 0; n < 5; n++) {
            lines.push_back("other 2 " + std::to_string(3 * n) + " ../../not/needed.jpg \"\"");
        }
        for (size_t k = lines.size() - 1; k > 0; k--) { // every line moves, always the same way
            std::swap(lines[k], lines[k * 7919 % (k + 1)]);
        }
        listed = settings;
        listed["data.video_root"] = folder / "listed";
        listed["data.train.frame_list"] = folder / "train.csv";
        write("\n");
    }
    void write(const std::string &line_end, const std::string &header = HEADER)
    {
        std::string all = header + line_end;
        for (const std::string &line : lines) {
            all += line + line_end;
        }
        put_file(folder / "train.csv", all);
    }
    // The number in the file of the line that begins so.
    std::string place(const std::string &begin) const
    {
        for (size_t k = 0; k < lines.size(); k++) {
            if (lines[k].rfind(begin, 0) == 0) {
                return folder / "train.csv" + ":" + std::to_string(k + 2);
            }
        }
        return "no such line";
    }
    std::string &line(const std::string &begin)
    {
        return *std::find_if(lines.begin(), lines.end(),
                             [&](const std::string &l) { return l.rfind(begin, 0) == 0; });
    }
    // The message with which the split does not open.
    std::string fail()
    {
        write("\n");
        const auto [status, message] = test::fail_to_open(listed, "train");
        EXPECT_LT(status, 0);
        return message;
    }
    std::vector<FoundProblem> check()
    {
        std::vector<FoundProblem> problems;
        const test::ConfigHolder c = test::make_settings(listed);
        data_check_options options = {};
        options.problem = collect_problem;
        options.problem_user = &problems;
        data_check_summary summary = {};
        EXPECT_GE(data_check(c.get(), &options, &summary), 0) << sslact_error_get_message();
        data_check_summary_clear(&summary);
        return problems;
    }

    std::vector<std::string> lines;
    test::Settings listed;
};

void expect_equal_clips(dataset *a, dataset *b)
{
    ASSERT_EQ(dataset_count_clips(a), dataset_count_clips(b));
    for (size_t i = 0; i < dataset_count_clips(a); i++) {
        const test::ClipHolder left = test::read_clip(a, i), right = test::read_clip(b, i);
        ASSERT_TRUE(left && right);
        const size_t bytes =
            static_cast<size_t>(left->frame_count) * left->height * left->width * 3;
        ASSERT_EQ(bytes,
                  static_cast<size_t>(right->frame_count) * right->height * right->width * 3);
        EXPECT_TRUE(std::equal(left->pixels, left->pixels + bytes, right->pixels)) << i;
        EXPECT_STREQ(left->name, right->name);
    }
}

TEST(FrameList, ClipsAreThoseOfThePaddedFolderWhateverTheOrderOfLinesAndNames)
{
    ListedWorld world;
    const DatasetHolder folders = world.open();
    const DatasetHolder listed = test::open_split(world.listed, "train");
    ASSERT_TRUE(folders && listed);
    ASSERT_EQ(dataset_count_clips(listed.get()), 3U);

    expect_equal_clips(folders.get(), listed.get());

    // Second 901 is picture 30, whose grey is its number; 8 frames of stride 2 are 22, 24 ... 36.
    const test::ClipHolder clip = test::read_clip(listed.get(), 0);
    ASSERT_TRUE(clip);
    const size_t frame_bytes = test::WIDTH * test::HEIGHT * 3;
    for (size_t k = 0; k < 8; k++) {
        EXPECT_EQ(clip->pixels[k * frame_bytes], 22 + 2 * k) << k;
    }
}

TEST(FrameList, ReadsOtherLineEndsSeveralBlanksAndTheCorrectedHeader)
{
    ListedWorld world;
    const DatasetHolder folders = world.open();
    world.write("\r\n", "original_video_id\tvideo_id  frame_id path labels");
    expect_equal_clips(folders.get(), test::open_split(world.listed, "train").get());

    for (std::string &line : world.lines) {
        line.replace(line.find(' '), 1, " \t");
        line.resize(line.size() - 3); // without labels
    }
    world.write("\n");
    expect_equal_clips(folders.get(), test::open_split(world.listed, "train").get());
}

TEST(FrameList, NumbersFromOneMeanTheSamePictures)
{
    ListedWorld world;
    const DatasetHolder folders = world.open();
    world.lines.clear();
    for (int n = 0; n < 90; n++) {
        const std::string number = std::to_string(n + 1);
        world.lines.push_back("-a_1 0 " + number + " deep/a/img_" + number + ".bmp \"\"");
        if (n < 60) {
            world.lines.push_back("b 1 " + number + " b_" + std::to_string(n) + ".bmp \"\"");
        }
    }
    world.write("\n");
    expect_equal_clips(folders.get(), test::open_split(world.listed, "train").get());
}

TEST(FrameList, TheKeyOfAllSplitsHoldsWhereTheSplitHasNone)
{
    ListedWorld world;
    world.listed["data.frame_list"] = world.listed["data.train.frame_list"];
    world.listed.erase("data.train.frame_list");
    expect_equal_clips(world.open().get(), test::open_split(world.listed, "train").get());

    world.listed["data.train.frame_list"] = world.folder / "absent.csv";
    EXPECT_EQ(
        test::fail_to_open(world.listed, "train").second.rfind(world.folder / "absent.csv", 0), 0U);
}

TEST(FrameList, WrongLinesAreNamedWithTheirNumber)
{
    {
        ListedWorld world;
        const std::string place = world.place("b 1 7 ");
        world.line("b 1 7 ") = "b 1 7";
        EXPECT_EQ(world.fail(), place + ": 3 columns, expected original_vido_id video_id frame_id "
                                        "path labels between blanks");
    }
    {
        ListedWorld world;
        const std::string place = world.place("b 1 7 ");
        world.line("b 1 7 ") = "b 1 7.5 b_7.bmp \"\"";
        EXPECT_EQ(world.fail(), place + ": frame_id \"7.5\", expected a whole number from 0");
    }
    for (const char *path : {"../listed/b_7.bmp", "/etc/b_7.bmp", "x/../../b_7.bmp"}) {
        ListedWorld world;
        const std::string place = world.place("b 1 7 ");
        world.line("b 1 7 ") = std::string("b 1 7 ") + path + " \"\"";
        EXPECT_EQ(world.fail(), place + ": path \"" + path +
                                    "\", expected a path below data.video_root, without \"..\"");
    }
    ListedWorld world;
    world.write("\n", "b 1 7 b_7.bmp \"\"");
    EXPECT_EQ(test::fail_to_open(world.listed, "train").second,
              world.folder / "train.csv" +
                  ":1: header \"b 1 7 b_7.bmp \"\"\", expected original_vido_id video_id frame_id "
                  "path labels (a frame list, data.frame_list)");
}

TEST(FrameList, RepeatedAndMissingNumbersAreNamedWithTheirLine)
{
    {
        ListedWorld world;
        world.lines.push_back("b 1 7 b_8.bmp \"\"");
        EXPECT_EQ(world.fail(), world.folder / "train.csv" + ":" +
                                    std::to_string(world.lines.size() + 1) +
                                    ": video \"b\", frame_id 7 a second time, expected each once");
    }
    {
        ListedWorld world;
        world.lines.erase(world.lines.begin() + (&world.line("b 1 7 ") - world.lines.data()));
        EXPECT_EQ(world.fail(), world.place("b 1 6 ") +
                                    ": video \"b\", frame_id 6 has no successor although later "
                                    "ones are listed, expected numbers without gaps");
    }
    {
        ListedWorld world;
        world.line("b 1 7 ") = "b 1 2147483647 b_7.bmp \"\"";
        EXPECT_EQ(world.fail().rfind(world.place("b 1 6 "), 0), 0U);
    }
    ListedWorld world;
    for (const char *begin : {"b 1 0 ", "b 1 1 "}) {
        world.lines.erase(world.lines.begin() + (&world.line(begin) - world.lines.data()));
    }
    EXPECT_EQ(world.fail(), world.place("b 1 2 ") + ": video \"b\", frame_id 2 is the first, "
                                                    "expected numbers from 0 or from 1");
}

TEST(FrameList, AVideoThatIsNotListedIsReportedWithTheNearestName)
{
    ListedWorld world;
    for (std::string &line : world.lines) {
        if (line.rfind("-a_1 ", 0) == 0) {
            line.replace(0, 4, "-a_l");
        }
    }
    EXPECT_EQ(world.fail(), world.folder / "labels.csv" +
                                ":1: video \"-a_1\" is not in the frame list " +
                                (world.folder / "train.csv") + ", did you mean \"-a_l\" (4 rows)");
}

TEST(FrameList, ACheckOfAHealthyListFindsNothingAndNamesPicturesThatAreMissing)
{
    ListedWorld world;
    const std::vector<FoundProblem> none = world.check();
    EXPECT_TRUE(none.empty()) << none.front().place << ": " << none.front().what;

    std::filesystem::remove(world.folder / "listed/b_41.bmp");
    std::filesystem::remove(world.folder / "listed/b_52.bmp");
    const std::vector<FoundProblem> found = world.check();

    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, DATA_PROBLEM_FRAMES);
    EXPECT_EQ(found[0].place, world.folder / "listed/b_41.bmp");
    EXPECT_EQ(found[0].what, "no such picture; 2 of the 60 pictures of video \"b\" are missing");
}

TEST(FrameList, AMissingFirstPictureIsReportedByItsPath)
{
    ListedWorld world;
    std::filesystem::remove(world.folder / "listed/b_0.bmp");
    const std::vector<FoundProblem> found = world.check();

    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, DATA_PROBLEM_VIDEO);
    EXPECT_NE(found[0].what.find(world.folder / "listed/b_0.bmp"), std::string::npos)
        << found[0].what;
}

TEST(FrameList, AListThatIsChangedWhileInUseIsAnErrorAndNotAnotherPicture)
{
    ListedWorld world;
    const DatasetHolder listed = test::open_split(world.listed, "train");
    {
        std::fstream file(world.folder / "train.csv", std::ios::in | std::ios::out);
        std::string header;
        std::getline(file, header);
        const auto begin = file.tellg();
        const std::vector<char> bytes(4000, 'x');
        file.seekp(begin);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    clip *made = nullptr;
    EXPECT_EQ(dataset_read(listed.get(), 0, &made), SSLACT_ERROR_IO);
    EXPECT_EQ(made, nullptr);
    EXPECT_NE(std::string(sslact_error_get_message()).find("was changed while it is in use"),
              std::string::npos)
        << sslact_error_get_message();
}

} // namespace
