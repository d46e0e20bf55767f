// The configs of the paper's tables and figures: all rows there, each different from its base in
// what it names and in nothing else. Also the word "base" that they stand on.
#include "config/support.h"

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "support/temporary.h"

namespace
{

const std::string folder = SSLACT_TESTS_FOLDER "/../configs/";

struct Held {
    Held() { EXPECT_EQ(config_create(&inner), SSLACT_OK); }
    ~Held() { config_free(inner); }
    Held(const Held &) = delete;
    Held &operator=(const Held &) = delete;
    config *inner = nullptr;
};

std::string get(const config *c, const std::string &key)
{
    text out = {};
    EXPECT_EQ(config_render_value(c, key.c_str(), &out), SSLACT_OK) << key;
    std::string value = text_get(&out);
    text_free(&out);
    return value;
}

std::map<std::string, std::string> list_values(const config *c)
{
    std::map<std::string, std::string> values;
    config_key key;
    for (size_t i = 0; config_describe(i, &key); ++i) {
        values[key.name] = get(c, key.name);
    }
    return values;
}

struct Row {
    std::string name, base, paper;
    std::vector<std::pair<std::string, std::string>> settings;
};

std::vector<Row> read_rows()
{
    std::vector<Row> rows;
    std::istringstream lines(test::get_file(folder + "tables.csv"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#' || line.rfind("name,", 0) == 0) {
            continue;
        }
        Row row;
        std::string settings;
        std::istringstream fields(line);
        std::getline(fields, row.name, ',');
        std::getline(fields, row.base, ',');
        std::getline(fields, settings, ',');
        std::getline(fields, row.paper, ',');
        std::istringstream words(settings);
        for (std::string word; words >> word;) {
            const size_t sign = word.find('=');
            row.settings.emplace_back(word.substr(0, sign), word.substr(sign + 1));
        }
        rows.push_back(row);
    }
    return rows;
}

TEST(PaperConfigs, TheFullOnesLoadAndHaveThePapersSchedule)
{
    for (const char *name : {"ava_v2.1", "ava_v2.2", "ucf101_24", "demo"}) {
        const Held c;
        ASSERT_EQ(config_load(c.inner, (folder + name + ".yaml").c_str()), SSLACT_OK)
            << sslact_error_get_message();
        EXPECT_EQ(config_validate(c.inner), SSLACT_OK) << sslact_error_get_message();
        EXPECT_EQ(get(c.inner, "ssl.preset"), "ours");
        const std::string word = name;
        if (word != "demo") {
            const bool ava = word != "ucf101_24";
            EXPECT_EQ(get(c.inner, "solver.iterations"), ava ? "35000" : "5400");
            EXPECT_EQ(get(c.inner, "solver.peak_lr"), ava ? "0.0064" : "0.0008");
            EXPECT_EQ(get(c.inner, "model.class_count"), ava ? "60" : "24");
            EXPECT_EQ(get(c.inner, "data.frame_stride"), ava ? "2" : "1");
            EXPECT_EQ(get(c.inner, "data.box_score_evaluate"), ava ? "0.85" : "0");
            EXPECT_EQ(get(c.inner, "data.box_overlap_train"), ava ? "0.9" : "0.5");
            EXPECT_EQ(get(c.inner, "ssl.loss_lambda"), "0.3");
            EXPECT_EQ(get(c.inner, "ssl.ema_momentum"), "0.999");
        }
    }
}

TEST(PaperConfigs, EachDiffersFromItsBaseInItsOwnKeys)
{
    const std::vector<Row> rows = read_rows();
    ASSERT_GT(rows.size(), 80u);
    for (const Row &row : rows) {
        const Held base, own;
        ASSERT_EQ(config_load(base.inner, (folder + row.base + ".yaml").c_str()), SSLACT_OK)
            << sslact_error_get_message();
        ASSERT_EQ(config_load(own.inner, (folder + "tables/" + row.name + ".yaml").c_str()),
                  SSLACT_OK)
            << sslact_error_get_message();
        EXPECT_EQ(config_validate(own.inner), SSLACT_OK)
            << row.name << ": " << sslact_error_get_message();
        std::set<std::string> named;
        for (const auto &[key, value] : row.settings) {
            EXPECT_EQ(get(own.inner, key), value) << row.name << " " << key;
            named.insert(key);
        }
        const bool other_preset = get(base.inner, "ssl.preset") != get(own.inner, "ssl.preset");
        const auto before = list_values(base.inner);
        for (const auto &[key, value] : list_values(own.inner)) {
            // A threshold that is not set follows the mode; a preset takes its ssl keys along.
            const bool follows = (other_preset && key.rfind("ssl.", 0) == 0) ||
                                 (key == "ssl.mpl_tau_pos" && named.count("ssl.mpl_mode") > 0);
            if (named.count(key) == 0 && !follows) {
                EXPECT_EQ(value, before.at(key)) << row.name << " " << key;
            }
        }
    }
}

TEST(PaperConfigs, NoTwoOfATableAreTheSame)
{
    std::map<std::string, std::string> seen;
    for (const Row &row : read_rows()) {
        const Held c;
        ASSERT_EQ(config_load(c.inner, (folder + "tables/" + row.name + ".yaml").c_str()),
                  SSLACT_OK);
        text out = {};
        EXPECT_EQ(config_render(c.inner, &out), SSLACT_OK);
        const std::string table = row.name.substr(0, row.name.find('_'));
        const auto [at, is_new] = seen.emplace(table + text_get(&out), row.name);
        EXPECT_TRUE(is_new) << row.name << " equals " << at->second;
        text_free(&out);
    }
}

// Frame mAP as the specification prints it (method.md section 7).
TEST(PaperConfigs, EveryRowOfThePapersTablesIsThereWithItsNumber)
{
    std::map<std::string, double> expected;
    const char *methods[] = {"baseline", "pseudo_label", "noisy_student", "fixmatch", "ours"};
    const double table1[3][5] = {{24.8, 23.4, 24.5, 24.9, 26.1},
                                 {25.2, 23.9, 24.7, 25.4, 26.4},
                                 {81.6, 78.8, 81.7, 81.9, 82.8}};
    const char *sets[] = {"ava_v2.1", "ava_v2.2", "ucf101_24"};
    const double table2[5][5] = {{19.0, 21.2, 23.3, 24.9, 25.2},
                                 {18.7, 20.9, 22.1, 23.6, 23.9},
                                 {19.1, 21.1, 22.9, 24.3, 24.7},
                                 {19.3, 20.9, 23.2, 24.8, 25.4},
                                 {19.6, 21.9, 23.8, 25.9, 26.4}};
    const char *ratios[] = {"5", "10", "25", "50", "100"};
    for (int m = 0; m < 5; ++m) {
        for (int s = 0; s < 3; ++s) {
            expected[std::string("table1_") + sets[s] + "_" + methods[m]] = table1[s][m];
        }
        for (int r = 0; r < 5; ++r) {
            expected[std::string("table2_") + methods[m] + "_" + ratios[r]] = table2[m][r];
        }
    }
    const std::map<std::string, std::pair<double, double>> two = {
        {"table5_none", {19.02, 24.93}},      {"table5_mpl", {19.21, 25.71}},
        {"table5_ucb", {19.19, 26.22}},       {"table5_both", {19.56, 26.43}},
        {"table6_fixed", {19.19, 26.22}},     {"table6_class_related", {19.44, 26.37}},
        {"table6_learnable", {19.56, 26.43}},
    };
    for (const auto &[name, values] : two) {
        expected[name + "_5"] = values.first;
        expected[name + "_100"] = values.second;
    }
    expected.insert({{"table7_concave", 26.30},
                     {"table7_linear", 25.73},
                     {"table7_convex", 25.89},
                     {"table8_unlabeled", 26.37},
                     {"table8_labeled", 26.43},
                     {"table9_resample", 26.02},
                     {"table9_mask", 26.43}});
    std::map<std::string, double> found;
    std::map<std::string, std::set<std::string>> curves; // key by figure
    for (const Row &row : read_rows()) {
        if (row.name.rfind("figure", 0) == 0) {
            EXPECT_EQ(row.paper, "") << "the figures print no numbers";
            curves[row.name.substr(0, row.name.find('_'))].insert(row.settings.back().first);
        } else {
            found[row.name] = std::stod(row.paper);
        }
    }
    EXPECT_EQ(found, expected);
    const std::map<std::string, std::set<std::string>> wanted = {
        {"figure5a", {"ssl.ucb_beta"}},    {"figure5b", {"ssl.ucb_gamma"}},
        {"figure6", {"ssl.mpl_tau_pos"}},  {"figure8a", {"ssl.mpl_a"}},
        {"figure8b", {"ssl.mpl_lambda1"}}, {"figure9", {"ssl.loss_lambda"}}};
    EXPECT_EQ(curves, wanted);
}

// ---- base ----

TEST(ConfigBase, ComesFirstWithPathsOfItsOwnFolder)
{
    const test::TemporaryFolder place;
    std::filesystem::create_directories(place / "sub");
    test::put_file(place / "base.yaml",
                   "ssl:\n  preset: fixmatch\n  loss_lambda: 0.7\n  ucb: both\n"
                   "data:\n  labels: base.csv\nrun:\n  seed: 4\n");
    test::put_file(place / "sub/top.yaml", "ssl:\n  preset: ours\nbase: ../base.yaml\n"
                                           "data:\n  actions: top.pbtxt\n");
    const Held c;
    ASSERT_EQ(config_load(c.inner, (place / "sub/top.yaml").c_str()), SSLACT_OK)
        << sslact_error_get_message();
    EXPECT_EQ(get(c.inner, "ssl.mpl_mode"), "learnable") << "the preset of the file counts";
    EXPECT_EQ(get(c.inner, "ssl.loss_lambda"), "0.7");
    EXPECT_EQ(get(c.inner, "run.seed"), "4");
    EXPECT_EQ(std::filesystem::path(get(c.inner, "data.labels")).lexically_normal(),
              std::filesystem::path(place / "base.csv"));
    EXPECT_EQ(get(c.inner, "data.actions"), place / "sub/top.pbtxt");
}

TEST(ConfigBase, ThatIsWrongIsNamedWithTheLineThatAsksForItAndChangesNothing)
{
    const test::TemporaryFolder place;
    test::put_file(place / "missing.yaml", "run:\n  seed: 4\nbase: nowhere.yaml\n");
    test::put_file(place / "circle.yaml", "base: circle.yaml\n");
    test::put_file(place / "bad.yaml", "run:\n  seeed: 4\n");
    test::put_file(place / "above.yaml", "base: bad.yaml\n");
    test::put_file(place / "twice.yaml", "base: a.yaml\nbase: b.yaml\n");
    test::put_file(place / "empty.yaml", "base:\n");
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"missing.yaml", "missing.yaml:3: base: " + (place / "nowhere.yaml")},
        {"circle.yaml", "more than 8 files stand on one another"},
        {"above.yaml", "above.yaml:1: base: " + (place / "bad.yaml") + ":2: unknown key"},
        {"twice.yaml", "twice.yaml:2: \"base\" was already given in line 1"},
        {"empty.yaml", "empty.yaml:1: \"base\" is empty"},
    };
    for (const auto &[name, part] : cases) {
        const Held c, fresh;
        EXPECT_LT(config_load(c.inner, (place / name).c_str()), 0) << name;
        EXPECT_NE(std::string(sslact_error_get_message()).find(part), std::string::npos)
            << sslact_error_get_message();
        EXPECT_EQ(list_values(c.inner), list_values(fresh.inner)) << name;
    }
}

} // namespace
