// The page of a checked data set: what stands on it, in its tables and its pictures.
#include "report/page_check.h"

#include "report/plot.h"

#include "support.h"

namespace
{

using namespace report_test;

// Two people with both classes 7 and 9, one with 7 alone; nobody has 12, whose name is hostile.
struct Page {
    Page()
    {
        page.videos = 2;
        page.key_frames = 12345;
        page.people = 4;
        page.problem_count = 3;
        page.note_count = 1;
        page.splits[0] = {"train", 2, 3, 4, 1};
        page.kinds = kinds;
        page.kind_count = 2;
        page.problems = problems;
        page.problem_listed = 2;
        page.classes = classes;
        page.class_count = 3;
        page.pair_counts = pairs;
        page.instances = 3;
        page.labels = 5;
        page.labels_per_instance[1] = 1;
        page.labels_per_instance[2] = 2;
        page.mean_count = 5.0 / 3;
        page.kept_share = 0.75;
    }
    std::string build(const Folder &folder)
    {
        EXPECT_EQ(report_build_check((folder / "out").c_str(), &page), SSLACT_OK)
            << sslact_error_get_message();
        return get_file(folder / "out/check.html");
    }

    const check_page_kind kinds[2] = {{"wrong pairing", "exchange the files", 3, false},
                                      {"repeated box", "nothing", 1, true}};
    const check_page_problem problems[2] = {
        {"wrong pairing", "a<b>.csv:7", hostile, "exchange the files", false},
        {"repeated box", "boxes.csv:2", "twice", "nothing", true}};
    const check_page_class classes[3] = {{7, "walk", 3, 1, 0.5, 0.625, 0.97},
                                         {9, "talk to", 2, 2.0 / 3, 1, 1, 1},
                                         {12, hostile, 0, 0, 1, not_a_number, 1}};
    const int64_t pairs[9] = {3, 2, 0, 2, 2, 0, 0, 0, 0};
    check_page page = {};
};

TEST(CheckPage, ShowsProblemsCountsAndClasses)
{
    Folder folder;
    Page given;

    const std::string page = given.build(folder);

    EXPECT_EQ(find_imbalance(page), "");
    EXPECT_EQ(page.find("<script>"), std::string::npos);
    EXPECT_NE(page.find("<b>3</b><span>problems"), std::string::npos);
    EXPECT_NE(page.find("a&lt;b&gt;.csv:7: "), std::string::npos);
    EXPECT_NE(page.find("and 2 more"), std::string::npos) << "one of three is listed";
    EXPECT_LT(page.find("wrong pairing"), page.find("repeated box"));
    EXPECT_NE(page.find("3 people carry 5 labels, 1.67 each. Of 3 classes 2 are head"),
              std::string::npos);
    EXPECT_NE(page.find("keeps 75.0 % of the people"), std::string::npos);
    EXPECT_NE(page.find("<td>0.500</td><td>0.625</td><td>0.970</td>"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos) << "self-contained";
}

TEST(CheckPage, WritesItsTablesAndPicturesBesides)
{
    Folder folder;
    Page given;
    given.build(folder);

    EXPECT_EQ(get_file(folder / "out/cooccurrence.csv"),
              "class_id,7,9,12\n7,3,2,0\n9,2,2,0\n12,0,0,0\n");
    const std::string classes = get_file(folder / "out/classes.csv");
    EXPECT_EQ(classes.find("class_id,name,group,instances,imbalance,probability,kept_share,weight\n"
                           "7,walk,head,3,1,0.5,0.625,0.97\n9,talk to,head,2,"),
              0u)
        << classes;
    EXPECT_NE(classes.find(",absent,0,"), std::string::npos);
    for (const char *name : {"classes.svg", "cooccurrence.svg"}) {
        const std::string picture = get_file(folder / (std::string("out/") + name));
        EXPECT_EQ(find_imbalance(picture), "") << name;
        EXPECT_NE(picture.find("xmlns="), std::string::npos) << name;
    }
    // Of three who walk two talk: opacity is the root of 2/3; of two who talk both walk.
    const std::string heat = get_file(folder / "out/cooccurrence.svg");
    EXPECT_EQ(count(heat, "class=\"cell\""), 4u);
    EXPECT_EQ(count(heat, "fill-opacity=\"0.816\""), 1u);
    EXPECT_EQ(count(heat, "fill-opacity=\"1.000\""), 3u);
}

TEST(CheckPage, WithoutAnybodyHasNoClasses)
{
    Folder folder;
    Page given;
    given.page.class_count = 0;
    given.page.instances = 0;
    given.page.problem_count = 0;
    given.page.kind_count = 0;

    const std::string page = given.build(folder);

    EXPECT_EQ(find_imbalance(page), "");
    EXPECT_NE(page.find("None: training can start."), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder / "out/classes.csv"));
}

TEST(CheckPage, NamesTheFolderThatCannotBeMade)
{
    Folder folder;
    Page given;
    write(folder / "out", "a file");

    EXPECT_LT(report_build_check((folder / "out").c_str(), &given.page), 0);
    EXPECT_NE(std::string(sslact_error_get_message()).find(folder / "out"), std::string::npos);
}

// Width of the n-th bar.
double get_bar(const std::string &picture, int n)
{
    size_t at = 0;
    for (int i = 0; i <= n; i++) {
        at = picture.find("rx=\"1.5\"", at + 1);
    }
    const size_t width = picture.rfind("width=\"", at);
    return std::stod(picture.substr(width + 7));
}

TEST(CountPlot, HasALogarithmicAxis)
{
    const char *const labels[] = {"many", "some", "few", "one", "none"};
    const int64_t values[] = {1000, 100, 10, 1, 0};
    const int32_t colors[] = {0, 0, 1, 2, 3};
    const plot_frame frame = {};
    const plot_count_data data = {labels, values, colors, 5, nullptr};
    text out = {};
    ASSERT_EQ(plot_counts(&frame, &data, &out), SSLACT_OK);
    const std::string picture = take(&out);

    EXPECT_EQ(find_imbalance(picture), "");
    EXPECT_NEAR(get_bar(picture, 0) / 3, get_bar(picture, 1) / 2, 0.1);
    EXPECT_NEAR(get_bar(picture, 0) / 3, get_bar(picture, 2), 0.1);
    EXPECT_EQ(get_bar(picture, 3), 0);
    EXPECT_EQ(get_bar(picture, 4), 0);
    EXPECT_NE(picture.find(">1000</text>"), std::string::npos);
}

} // namespace
