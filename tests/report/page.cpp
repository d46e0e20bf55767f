// The pages: built from a run folder whatever it lacks, well-formed, self-contained.
#include "report/page.h"

#include "report/json_lines.h"
#include "report/log_charts.h"

#include "support.h"

namespace
{

using namespace report_test;

void save_evaluation(const std::string &run, const char *role,
                     const char *const *names = class_names)
{
    frame_map *chance = make_result();
    evaluation_facts facts = make_facts();
    facts.role = role;
    facts.class_names = names;
    facts.chance = chance;
    EXPECT_EQ(evaluation_report_save_to_run(make_evaluation(facts).get(), run.c_str()), SSLACT_OK)
        << sslact_error_get_message();
    frame_map_free(chance);
}

void write_log(const std::string &run, const char *class_name)
{
    const json_fact facts[] = {{"command_line", "sslact_cli train <x>"},
                               {"version/torch", "2.11.0"}};
    json_lines *lines = nullptr;
    ASSERT_EQ(json_lines_open((run + "/metrics.jsonl").c_str(), facts, 2, 0, &lines), SSLACT_OK);
    for (int i = 1; i <= 80; i++) {
        json_lines_begin(lines, "train", i);
        json_lines_add_number(lines, "train/loss", i == 7 ? not_a_number : 1.0 / i);
        json_lines_add_number(lines, "train/loss_supervised", 0.5 / i);
        json_lines_add_number(lines, "train/learning_rate", 0.001 * i);
        json_lines_add_number(lines, (std::string("threshold/") + class_name).c_str(),
                              0.9 - 0.005 * i);
        json_lines_add_count(lines, "data/bad_clips", 3);
        ASSERT_EQ(json_lines_end(lines), SSLACT_OK);
    }
    json_lines_close(lines);
}

std::string build(const std::string &run)
{
    EXPECT_EQ(report_build_run(run.c_str()), SSLACT_OK) << sslact_error_get_message();
    return get_file(run + "/report/index.html");
}

void expect_sound(const std::string &page)
{
    EXPECT_EQ(find_imbalance(page), "");
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("http://"), std::string::npos) << "nothing is fetched from a network";
    EXPECT_EQ(page.find("https://"), std::string::npos);
    EXPECT_EQ(page.find(">nan<"), std::string::npos);
}

TEST(RunPage, ShowsResultsCurvesThresholdsConfigAndVersions)
{
    Folder run;
    save_evaluation(run.path(), "student");
    save_evaluation(run.path(), "teacher");
    save_evaluation(run.path(), "baseline");
    write_log(run.path(), "walk");
    write(run / "config.yaml", "ssl:\n  preset: ours # <&>\n");

    std::string page = build(run.path());

    expect_sound(page);
    EXPECT_NE(page.find("<b>0.250</b><span>Student mAP"), std::string::npos);
    EXPECT_NE(page.find("preset: ours # &lt;&amp;&gt;"), std::string::npos);
    EXPECT_NE(page.find("2.11.0"), std::string::npos);
    EXPECT_NE(page.find("sslact_cli train &lt;x&gt;"), std::string::npos);
    EXPECT_NE(page.find("Learned thresholds"), std::string::npos);
    EXPECT_NE(page.find("<td>0.895</td><td>0.500</td>"), std::string::npos) << "start and end";
    EXPECT_NE(page.find("could not be read: 3"), std::string::npos) << "skipped clips";
    EXPECT_EQ(count(page, "<details>\n<summary>"), 2u) << "curves of the classes with truth";
    for (const char *name : {"results.csv", "class_ap.svg", "loss.svg", "thresholds.svg"}) {
        EXPECT_TRUE(std::filesystem::exists(run / (std::string("report/") + name))) << name;
    }
    EXPECT_EQ(find_imbalance(get_file(run / "report/loss.svg")), "");
    EXPECT_EQ(count(get_file(run / "report/results.csv"), "\n"), 1u + 3u * 4u);
}

TEST(RunPage, CanBeBuiltAgain)
{
    Folder run;
    save_evaluation(run.path(), "student");
    std::string first = build(run.path());

    save_evaluation(run.path(), "teacher");
    std::string second = build(run.path());

    EXPECT_EQ(first.find("Teacher mAP"), std::string::npos);
    EXPECT_NE(second.find("Teacher mAP"), std::string::npos);
}

TEST(RunPage, EmptyFolderGivesAPageThatSaysSo)
{
    Folder run;

    std::string page = build(run.path());

    expect_sound(page);
    EXPECT_NE(page.find("Nothing has been evaluated yet"), std::string::npos);
}

TEST(RunPage, HostileClassNamesAndWarningsAreText)
{
    Folder run;
    const char *const names[] = {hostile, "</style>", "--><!--"};
    save_evaluation(run.path(), "student", names);
    write_log(run.path(), hostile);
    write(run / "config.yaml", hostile);

    std::string page = build(run.path());

    expect_sound(page);
    EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST(RunPage, UnreadableEvaluationIsNamedAndTheRestIsShown)
{
    Folder run;
    save_evaluation(run.path(), "student");
    write(run / "report/evaluation_validation_teacher.json", "{oops");

    std::string page = build(run.path());

    expect_sound(page);
    EXPECT_NE(page.find("Student mAP"), std::string::npos);
    EXPECT_NE(page.find("evaluation_validation_teacher.json:1:"), std::string::npos);
}

TEST(RunPage, MissingFolderIsAnErrorAndNothingIsMade)
{
    Folder folder;

    EXPECT_EQ(report_build_run((folder / "absent").c_str()), SSLACT_ERROR_NOT_FOUND);

    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// A run whose only numbers are its mAPs.
void write_run(const std::string &run, double student, double teacher)
{
    for (const auto &[role, value] :
         {std::pair("student", student), std::pair("teacher", teacher)}) {
        write(run + "/report/evaluation_validation_" + role + ".json",
              std::string("{\"role\":\"") + role +
                  "\",\"split\":\"validation\",\"frame_map@0.5\":" + std::to_string(value) +
                  ",\"chance_frame_map@0.5\":0.1,\"classes\":[{\"id\":1,"
                  "\"name\":\"stand\",\"ap\":" +
                  std::to_string(value) + ",\"positives\":4}]}");
    }
}

TEST(ComparisonPage, ShowsMeansWithStandardErrorsAndPairedDifferences)
{
    // baseline 0.40, 0.50; ours 0.46, 0.52. Means 0.45 and 0.49; standard error of the first:
    // deviation 0.0707 / sqrt 2 = 0.05. Differences 0.06, 0.02: mean 0.04, error 0.02.
    Folder folder;
    write_run(folder / "b0", 0.40, 0.41);
    write_run(folder / "o0", 0.46, 0.47);
    write_run(folder / "b1", 0.50, 0.51);
    write_run(folder / "o1", 0.52, 0.53);
    std::string paths[] = {folder / "b0", folder / "o0", folder / "b1", folder / "o1"};
    const char *folders[] = {paths[0].c_str(), paths[1].c_str(), paths[2].c_str(),
                             paths[3].c_str()};
    const char *const names[] = {"baseline", "ours", "baseline", "ours"};
    std::string out = folder / "pages/all.html";

    ASSERT_EQ(report_build_comparison(folders, names, 4, out.c_str()), SSLACT_OK)
        << sslact_error_get_message();
    std::string page = get_file(out);

    expect_sound(page);
    EXPECT_NE(page.find("<td>0.450 <span class=\"soft\">\xc2\xb1 0.050</span></td>"),
              std::string::npos);
    EXPECT_NE(page.find("<td class=\"up\">+0.040 <span class=\"soft\">\xc2\xb1 0.020</span></td>"),
              std::string::npos);
    EXPECT_NE(page.find("href=\"../b0/report/index.html\""), std::string::npos);
    // Class table of the teacher: 0.46, 0.50, difference 0.04.
    EXPECT_NE(page.find("<td>0.460</td><td>0.500</td>"), std::string::npos);
}

TEST(ComparisonPage, TakesRunsWithoutEvaluationsAndHostileNames)
{
    Folder folder;
    write_run(folder / "a b\"<", 0.4, 0.5);
    write(folder / "empty/config.yaml", "");
    std::string paths[] = {folder / "a b\"<", folder / "empty"};
    const char *folders[] = {paths[0].c_str(), paths[1].c_str()};
    const char *const names[] = {hostile, "empty"};

    ASSERT_EQ(report_build_comparison(folders, names, 2, (folder / "c.html").c_str()), SSLACT_OK)
        << sslact_error_get_message();
    std::string page = get_file(folder / "c.html");

    expect_sound(page);
    EXPECT_NE(page.find("href=\"./a%20b%22%3C/report/index.html\""), std::string::npos);
}

TEST(ComparisonPage, RefusesNoRunsAndMissingOnes)
{
    Folder folder;
    std::string absent = folder / "absent", out = folder / "c.html";
    const char *folders[] = {absent.c_str()};

    EXPECT_EQ(report_build_comparison(folders, nullptr, 0, out.c_str()),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(report_build_comparison(folders, nullptr, 1, out.c_str()), SSLACT_ERROR_NOT_FOUND);
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Smoothing, IsTheMeanAroundEachPointAndPassesGapsBy)
{
    std::vector<double> values(160, 1.0), out(160);
    for (size_t i = 80; i < 160; i++) {
        values[i] = 4.0;
    }
    values[40] = not_a_number;

    log_charts_smooth(values.data(), values.size(), out.data()); // two on either side

    EXPECT_TRUE(std::isnan(out[40]));
    EXPECT_DOUBLE_EQ(out[41], 1.0);
    EXPECT_DOUBLE_EQ(out[80], (1.0 + 1.0 + 4.0 + 4.0 + 4.0) / 5.0);
    EXPECT_DOUBLE_EQ(out[159], 4.0);
}

} // namespace
