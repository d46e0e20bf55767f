// When a run is told that it waits for its data, and what it is told.

#include "train/data_wait.h"

#include <gtest/gtest.h>

namespace
{

using sslact::DataWait;

// Feeds steps of one kind; the warnings that came, each with the number of its step.
std::vector<int> feed(DataWait &wait, int steps, double seconds_wait, double seconds_compute)
{
    std::vector<int> warned;
    for (int n = 1; n <= steps; n++) {
        wait.observe(seconds_wait, seconds_compute);
        if (!wait.warning().empty()) {
            warned.push_back(n);
        }
    }
    return warned;
}

TEST(DataWait, IsQuietUpToThreePercent)
{
    DataWait wait(2, 4);
    EXPECT_TRUE(feed(wait, 1000, 0.029, 0.971).empty());
}

TEST(DataWait, WarnsAfterAWindowAboveThreePercentAndThenRarely)
{
    DataWait wait(2, 4);
    // 4 steps to begin with, 50 of the window; then 20 windows of silence, and again.
    EXPECT_EQ(feed(wait, 2204, 0.032, 0.968), (std::vector<int>{54, 54 + 21 * 50, 54 + 42 * 50}));
}

TEST(DataWait, TheFirstStepsAfterAStartDoNotCount)
{
    DataWait wait(2, 4);
    EXPECT_TRUE(feed(wait, 4, 60.0, 0.1).empty());
    EXPECT_TRUE(feed(wait, 100, 0.0, 0.1).empty());
    wait.restart();
    EXPECT_TRUE(feed(wait, 4, 60.0, 0.1).empty());
    EXPECT_TRUE(feed(wait, 100, 0.0, 0.1).empty());
}

TEST(DataWait, SaysHowMuchAndWhatHelps)
{
    DataWait few(1, 8);
    feed(few, 53, 0.25, 0.75);
    few.observe(0.25, 0.75);
    EXPECT_EQ(few.warning(), "the last 50 steps waited for clips 25 % of their time (250 ms a "
                             "step); add threads that read them (run.loader_threads, now 1 beside "
                             "8 processors), or train from small copies of the videos (sslact_cli "
                             "prepare)");
    DataWait all(8, 8); // more threads would not help
    feed(all, 53, 0.25, 0.75);
    all.observe(0.25, 0.75);
    EXPECT_EQ(all.warning().find("run.loader_threads"), std::string::npos) << all.warning();
    EXPECT_NE(all.warning().find("sslact_cli prepare"), std::string::npos) << all.warning();
}

TEST(DataWait, NoTimeAtAllIsNoWait)
{
    DataWait wait(1, 1);
    EXPECT_TRUE(feed(wait, 60, 0.0, 0.0).empty());
}

} // namespace
