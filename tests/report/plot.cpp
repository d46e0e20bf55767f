// Plots: numbers in their places, round ticks, gaps, names that cannot break out.
#include "report/plot.h"

#include "report/escape.h"
#include "report/plot_draw.h"

#include "support.h"

#include <regex>

namespace
{

using namespace report_test;

struct Area {
    double left, top, width, height;
};

std::vector<double> numbers_of(const std::string &where, const std::string &pattern)
{
    std::smatch match;
    std::vector<double> numbers;
    if (std::regex_search(where, match, std::regex(pattern))) {
        for (size_t i = 1; i < match.size(); i++) {
            numbers.push_back(std::stod(match[i]));
        }
    }
    return numbers;
}

Area find_area(const std::string &svg)
{
    auto n = numbers_of(svg, "class=\"area\" x=\"([0-9.]+)\" y=\"([0-9.]+)\" width=\"([0-9.]+)\" "
                             "height=\"([0-9.]+)\"");
    EXPECT_EQ(n.size(), 4u) << svg;
    return n.size() == 4 ? Area{n[0], n[1], n[2], n[3]} : Area{};
}

std::string draw_lines(const plot_frame &frame, const std::vector<plot_series> &series)
{
    text out = {};
    EXPECT_EQ(plot_lines(&frame, series.data(), series.size(), &out), SSLACT_OK);
    return take(&out);
}

plot_series line(const char *name, const std::vector<double> &x, const std::vector<double> &y)
{
    plot_series series = {};
    series.name = name;
    series.x = x.data();
    series.y = y.data();
    series.count = x.size();
    series.color = -1;
    return series;
}

std::string path_of(const std::string &svg)
{
    std::smatch match;
    return std::regex_search(svg, match, std::regex(" d=\"([^\"]*)\"")) ? match[1].str() : "";
}

TEST(PlotLines, PointsLieWhereTheirNumbersSay)
{
    // Axes 0 .. 10 and 0 .. 1: (0, 0) is the lower left corner, (5, 1) the middle of the upper
    // edge, (10, 0.25) on the right edge a quarter up.
    std::vector<double> x = {0, 5, 10}, y = {0, 1, 0.25};
    plot_frame frame = {};
    frame.x_high = 10;
    frame.y_high = 1;

    std::string svg = draw_lines(frame, {line("a", x, y)});
    Area area = find_area(svg);
    auto path =
        numbers_of(path_of(svg), "M([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)$");

    ASSERT_EQ(path.size(), 6u) << svg;
    const double rounding = 0.11; // one decimal in the path and in the area
    EXPECT_NEAR(path[0], area.left, rounding);
    EXPECT_NEAR(path[1], area.top + area.height, rounding);
    EXPECT_NEAR(path[2], area.left + area.width / 2, rounding);
    EXPECT_NEAR(path[3], area.top, rounding);
    EXPECT_NEAR(path[4], area.left + area.width, rounding);
    EXPECT_NEAR(path[5], area.top + area.height * 0.75, rounding);
}

TEST(PlotLines, StepsHoldEachPrecisionUpToItsRecall)
{
    std::vector<double> recall = {0.5, 1.0}, precision = {1.0, 0.5};
    plot_frame frame = {};
    frame.x_high = frame.y_high = 1;
    plot_series series = line("a", recall, precision);
    series.steps = true;

    std::string svg = draw_lines(frame, {series});
    Area area = find_area(svg);
    auto path =
        numbers_of(path_of(svg), "M([0-9.]+) ([0-9.]+)V([0-9.]+)H([0-9.]+)V([0-9.]+)H([0-9.]+)$");

    ASSERT_EQ(path.size(), 6u) << path_of(svg);
    EXPECT_NEAR(path[0], area.left, 0.11);                  // recall 0
    EXPECT_NEAR(path[1], area.top, 0.11);                   // precision 1
    EXPECT_NEAR(path[3], area.left + area.width / 2, 0.11); // recall 0.5
    EXPECT_NEAR(path[4], area.top + area.height / 2, 0.11); // precision 0.5
    EXPECT_NEAR(path[5], area.left + area.width, 0.11);
}

TEST(PlotLines, ValueThatIsNotFiniteLeavesAGap)
{
    std::vector<double> x = {0, 1, 2, 3}, y = {1, not_a_number, 2, 3};

    std::string path = path_of(draw_lines({}, {line("a", x, y)}));

    EXPECT_EQ(count(path, "M"), 2u) << path;
    EXPECT_EQ(count(path, "L"), 1u) << path;
    EXPECT_NE(path.find("h0"), std::string::npos) << "a lone point must be seen: " << path;
}

TEST(PlotLines, NothingToDrawStillGivesAWholePicture)
{
    std::vector<double> none, one = {not_a_number};

    EXPECT_EQ(find_imbalance(draw_lines({}, {})), "");
    EXPECT_EQ(find_imbalance(draw_lines({}, {line("a", none, none)})), "");
    EXPECT_EQ(draw_lines({}, {line("a", one, one)}).find("nan"), std::string::npos);
}

TEST(PlotLines, HugeAndConstantValuesGiveFiniteCoordinates)
{
    std::vector<double> x = {1, 2}, huge = {-1e308, 1e308}, same = {0.7, 0.7}, zero = {0, 0};
    for (const auto &y : {huge, same, zero}) {
        std::string svg = draw_lines({}, {line("a", x, y)});
        EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
        EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
        EXPECT_EQ(count(svg, "class=\"grid\"") > 1, true) << svg;
    }
}

TEST(PlotLines, LongSeriesAreThinnedButKeepTheirExtremes)
{
    std::vector<double> x, y;
    for (int i = 0; i < 100000; i++) {
        x.push_back(i);
        y.push_back(i == 55555 ? 10.0 : 0.5);
    }
    plot_frame frame = {};
    frame.y_high = 10;

    std::string svg = draw_lines(frame, {line("a", x, y)});
    char top[32];
    snprintf(top, sizeof top, " %.1fL", find_area(svg).top);

    EXPECT_LT(svg.size(), 40000u);
    EXPECT_NE(path_of(svg).find(top), std::string::npos);
}

TEST(PlotLines, HostileNamesCannotBreakOut)
{
    std::vector<double> x = {0, 1};
    std::vector<plot_series> series(6, line(hostile, x, x)); // six: names at the line ends
    plot_frame frame = {};
    frame.title = frame.description = frame.x_label = frame.y_label = hostile;
    frame.standalone = true;

    std::string svg = draw_lines(frame, series);

    EXPECT_EQ(find_imbalance(svg), "");
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_NE(svg.find("xmlns=\"http://www.w3.org/2000/svg\""), std::string::npos);
}

TEST(PlotBars, LengthsAndMarksAreProportional)
{
    const char *const labels[] = {"half", "none"};
    const char *const names[] = {"ap"};
    const double values[] = {0.5, not_a_number}, marks[] = {0.25, not_a_number};
    plot_frame frame = {};
    frame.x_high = 1;
    plot_bar_data data = {labels, 2, names, nullptr, 1, values, marks, "chance"};
    text out = {};
    ASSERT_EQ(plot_bars(&frame, &data, &out), SSLACT_OK);

    std::string svg = take(&out);
    Area area = find_area(svg);
    auto bar = numbers_of(svg, "<rect x=\"([0-9.]+)\" y=\"[0-9.]+\" width=\"([0-9.]+)\" "
                               "height=\"[0-9.]+\" rx=\"1.5\"");
    size_t after = svg.find("half, ap: 0.500");
    ASSERT_NE(after, std::string::npos);
    auto mark = numbers_of(svg.substr(after), "class=\"mark\" x1=\"([0-9.]+)\"");

    ASSERT_EQ(bar.size(), 2u);
    EXPECT_NEAR(bar[0], area.left, 0.11);
    EXPECT_NEAR(bar[1], area.width / 2, 0.11);
    ASSERT_EQ(mark.size(), 1u);
    EXPECT_NEAR(mark[0], area.left + area.width / 4, 0.11);
    EXPECT_EQ(count(svg, "rx=\"1.5\""), 1u) << "no bar without a value";
    EXPECT_EQ(find_imbalance(svg), "");
}

TEST(PlotBars, RefusesNoSeriesAndTooMany)
{
    plot_frame frame = {};
    plot_bar_data data = {};
    text out = {};

    EXPECT_EQ(plot_bars(&frame, &data, &out), SSLACT_ERROR_INVALID_ARGUMENT);
    data.series_count = 9;
    EXPECT_EQ(plot_bars(&frame, &data, &out), SSLACT_ERROR_INVALID_ARGUMENT);
    text_free(&out);
}

TEST(PlotAxis, TicksAreRoundNumbers)
{
    plot_axis axis = plot_axis_make(0.013, 0.87, 5, true); // step 0.2: 0, 0.2, ..., 1

    EXPECT_DOUBLE_EQ(axis.low, 0.0);
    EXPECT_DOUBLE_EQ(axis.high, 1.0);
    EXPECT_EQ(axis.tick_count, 6);
    EXPECT_NEAR(plot_axis_get_tick(&axis, 3), 0.6, 1e-12);
}

TEST(PlotAxis, LabelsAreAsShortAsTheStepAllows)
{
    auto label = [](double low, double high, double value) {
        plot_axis axis = plot_axis_make(low, high, 5, true);
        text out = {};
        plot_axis_append(&axis, value, &out);
        return take(&out);
    };

    EXPECT_EQ(label(0, 1, 0.2), "0.2");
    EXPECT_EQ(label(0, 500, 300), "300");
    EXPECT_EQ(label(0, 60000, 20000), "20k");
    EXPECT_EQ(label(0, 1e-5, 5e-6), "5e-06");
    EXPECT_EQ(label(0.6, 0.75, 0.65), "0.65");
}

TEST(Escape, TurnsBadBytesIntoReplacementCharacters)
{
    auto html = [](const char *source) {
        text out = {};
        escape_html(&out, source);
        return take(&out);
    };

    EXPECT_EQ(html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    EXPECT_EQ(html("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(html("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                 // overlong
    EXPECT_EQ(html("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); // surrogate
    EXPECT_EQ(html("a\x01\xc2\x85"), "a\xef\xbf\xbd\xef\xbf\xbd");           // controls
    EXPECT_EQ(html("\xf0\x9f"), "\xef\xbf\xbd\xef\xbf\xbd");                 // cut short
}

TEST(Escape, ShortensByCharactersNotBytes)
{
    char *cut = shorten("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3);
    char *whole = shorten("abc", 3);

    EXPECT_STREQ(cut, "\xc3\xa4\xc3\xb6\xe2\x80\xa6");
    EXPECT_STREQ(whole, "abc");
    free(cut);
    free(whole);
}

} // namespace
