// The pass of the initial weights over the unlabelled clips: what it counts, what the counts do,
// and that a run which is broken off and taken up again ends the same.
#include "trainer_support.h"

#include <cmath>
#include <map>

#include "base/log.h"

namespace
{

using sslact::Error;
using sslact::StepReport;
using sslact::Trainer;
using test::copy_state;
using test::expect_same;
using test::Held;
using test::make_trainer;
using test::State;

// About half of what an untrained network says is above this.
test::Values counting(const test::Values &more = {})
{
    test::Values values = {{"ssl.mpl_mode", "class_related"}, {"ssl.mpl_tau_pos", "0.52"},
                           {"ssl.freq_source", "unlabeled"},  {"augment.flip", "false"},
                           {"solver.iterations", "4"},        {"solver.batch_unlabeled", "3"}};
    for (const auto &[key, value] : more) {
        values[key] = value;
    }
    return values;
}

void run_steps(Trainer &trainer, int64_t count)
{
    for (int64_t k = 0; k < count; ++k) {
        trainer.step(nullptr);
    }
}

// Sigmoids of all unlabelled people by the initial weights, each clip in a forward of its own.
std::vector<std::vector<double>> score_by_hand()
{
    const Held<config> settings = test::make_training_config(counting());
    const Held<dataset> unlabeled = test::make_unlabeled();
    sslact::Detector network(sslact::read_network_options(settings.get()));
    sslact::initialise(network, 3);
    network.eval();
    std::vector<std::vector<double>> rows;
    for (size_t n = 0; n < dataset_count_clips(unlabeled.get()); ++n) {
        clip *read = nullptr;
        test::require(dataset_read(unlabeled.get(), n, &read));
        const Held<clip> source(read);
        const at::Tensor bytes = at::from_blob(
            source->pixels, {source->frame_count, source->height, source->width, 3}, at::kByte);
        const at::Tensor frames =
            ((bytes.to(at::kFloat) / 255 - 0.45) / 0.225).permute({3, 0, 1, 2}).unsqueeze(0);
        at::Tensor rois = at::zeros({source->box_count, 5});
        for (int32_t i = 0; i < source->box_count; ++i) {
            const sslact_box &box = source->boxes[i];
            rois[i][1] = box.x1;
            rois[i][2] = box.y1;
            rois[i][3] = box.x2;
            rois[i][4] = box.y2;
        }
        const at::Tensor logits = network.forward(frames.contiguous(), rois).to(at::kDouble);
        for (int32_t i = 0; i < source->box_count; ++i) {
            rows.emplace_back();
            for (int32_t j = 0; j < test::class_count; ++j) {
                rows.back().push_back(1 / (1 + std::exp(-logits[i][j].item<double>())));
            }
        }
    }
    return rows;
}

TEST(BaselinePass, CountsPositivesByThresholdsFromLabelledFrequencies)
{
    const auto trainer = make_trainer(counting());
    const at::Tensor labelled = trainer->thresholds().clone();
    std::vector<int64_t> count(test::class_count), pairs(test::class_count * test::class_count);
    for (const std::vector<double> &row : score_by_hand()) {
        for (int j = 0; j < test::class_count; ++j) {
            if (row[j] <= labelled[j].item<double>()) {
                continue;
            }
            ++count[j];
            for (int k = 0; k < test::class_count; ++k) {
                pairs[j * test::class_count + k] += k != j && row[k] > labelled[k].item<double>();
            }
        }
    }
    trainer->step(nullptr);

    const balance &found = trainer->class_balance();
    EXPECT_EQ(found.instance_count, 12) << "four clips of three people";
    EXPECT_EQ(std::vector<int64_t>(found.count, found.count + test::class_count), count);
    EXPECT_EQ(std::vector<int64_t>(found.pair_count, found.pair_count + pairs.size()), pairs);
    // Section 2.1 again, from the new frequencies; a class without a positive has M = 1.
    const int64_t most = *std::max_element(count.begin(), count.end());
    ASSERT_GT(most, 0);
    for (int j = 0; j < test::class_count; ++j) {
        const double share = static_cast<double>(count[j]) / static_cast<double>(most);
        const double expected = 0.52 * (count[j] > 0 ? std::pow(share, 0.1) : 1.0);
        EXPECT_NEAR(trainer->thresholds()[j].item<double>(), expected, 1e-6);
    }
    const balance &labels = trainer->labeled_balance();
    EXPECT_NE(std::vector<int64_t>(labels.count, labels.count + test::class_count), count)
        << "reports go on naming labelled people";
}

TEST(BaselinePass, IsTheSameFromAnyNumberOfThreadsAndBatchSizes)
{
    std::vector<std::vector<int64_t>> found;
    for (const char *threads : {"1", "3"}) {
        for (const char *clips : {"1", "3"}) {
            const auto trainer = make_trainer(
                counting({{"run.loader_threads", threads}, {"solver.batch_unlabeled", clips}}));
            trainer->step(nullptr);
            const balance &b = trainer->class_balance();
            found.emplace_back(b.count, b.count + test::class_count);
        }
    }
    for (const auto &count : found) {
        EXPECT_EQ(count, found.front());
    }
}

// ---- a callback set that counts its reads and can ask for a stop ----

struct WatchedSet {
    WatchedSet()
    {
        test::ClipShape shape;
        shape.boxes = 3;
        shape.labeled = false;
        for (size_t i = 0; i < 40; ++i) {
            clips.push_back(std::make_unique<test::OwnClip>(100 + i, shape));
        }
        sslact_clip_source source;
        SSLACT_INIT(source);
        source.clip_count = clips.size();
        source.class_count = test::class_count;
        source.user = this;
        source.read = [](size_t index, sslact_clip *out, void *user) -> int {
            auto *self = static_cast<WatchedSet *>(user);
            ++self->reads;
            Trainer *watched = self->trainer;
            if (self->reads == self->stop_at && watched != nullptr) {
                watched->request_stop();
            }
            *out = self->clips[index]->view;
            return 0;
        };
        dataset *made = nullptr;
        test::require(dataset_create_from_source(&source, &made));
        set.reset(made);
    }
    std::unique_ptr<Trainer> make(const test::Values &values)
    {
        const Held<config> settings = test::make_training_config(values);
        const Held<dataset> labeled = test::make_labeled();
        return std::make_unique<Trainer>(settings.get(), labeled.get(), set.get());
    }
    std::vector<std::unique_ptr<test::OwnClip>> clips;
    std::atomic<int> reads{0};
    int stop_at = 0;
    std::atomic<Trainer *> trainer{nullptr};
    Held<dataset> set; // gone before the clips
};

TEST(BaselinePass, StopsOnRequestAndGoesOnFromThereAlsoInAnotherProcess)
{
    const test::TemporaryFolder folder;
    WatchedSet plain, watched, third;
    const auto straight = plain.make(counting());
    run_steps(*straight, 2);

    const auto stopped = watched.make(counting());
    watched.stop_at = 20;
    watched.trainer = stopped.get();
    EXPECT_EQ(test::step_to_failure(*stopped), SSLACT_ERROR_CANCELLED);
    watched.trainer = nullptr;
    EXPECT_EQ(stopped->iteration(), 0);
    EXPECT_LT(watched.reads.load(), 40) << "stopped within the pass";
    stopped->save(folder / "half");
    run_steps(*stopped, 2);
    expect_same(copy_state(*straight), copy_state(*stopped));

    const auto taken_up = third.make(counting());
    taken_up->load(folder / "half");
    run_steps(*taken_up, 2);
    expect_same(copy_state(*straight), copy_state(*taken_up));
    EXPECT_LT(third.reads.load(), plain.reads.load()) << "what was counted is not read again";
}

TEST(BaselinePass, IsNotMadeAgainAfterACheckpoint)
{
    const test::TemporaryFolder folder;
    WatchedSet first, second;
    const auto straight = first.make(counting());
    run_steps(*straight, 2);
    straight->save(folder / "two");
    const auto again = second.make(counting());
    again->load(folder / "two");
    EXPECT_EQ(second.reads.load(), 0);
    const balance &a = straight->class_balance(), &b = again->class_balance();
    for (int j = 0; j < test::class_count; ++j) {
        EXPECT_EQ(a.count[j], b.count[j]);
        EXPECT_EQ(a.weight[j], b.weight[j]);
    }
    run_steps(*straight, 2);
    run_steps(*again, 2);
    expect_same(copy_state(*straight), copy_state(*again));
}

TEST(BaselinePass, ACheckpointOfOtherClipsIsRefused)
{
    const test::TemporaryFolder folder;
    const auto four = make_trainer(counting());
    four->step(nullptr);
    four->save(folder / "four");
    WatchedSet forty;
    const auto other = forty.make(counting());
    const State before = copy_state(*other);
    EXPECT_THROW(other->load(folder / "four"), Error);
    EXPECT_EQ(other->iteration(), 0);
    expect_same(before, copy_state(*other));
}

TEST(BaselinePass, LooksAtTheLabelledClipsWhereTheyStandIn)
{
    const auto trainer = make_trainer(counting({{"ssl.unlabeled_source", "labeled"}}));
    trainer->step(nullptr);
    EXPECT_EQ(trainer->class_balance().instance_count, 10) << "five clips of two people";
}

TEST(BaselinePass, SaysWhenThereIsNobody)
{
    const Held<config> settings = test::make_training_config(counting());
    const Held<dataset> labeled = test::make_labeled();
    test::ClipShape empty;
    empty.boxes = 0;
    empty.labeled = false;
    const Held<dataset> unlabeled = test::make_set(test::class_count, {empty, empty});
    Trainer trainer(settings.get(), labeled.get(), unlabeled.get());
    EXPECT_EQ(test::step_to_failure(trainer), SSLACT_ERROR_INVALID_ARGUMENT);
}

// ---- clips by class ----

test::Values resampling(const test::Values &more = {})
{
    test::Values values = counting({{"ssl.freq_source", "labeled"},
                                    {"ssl.ucb_mode", "resample"},
                                    {"ssl.ucb_beta", "5"},
                                    {"solver.iterations", "8"}});
    for (const auto &[key, value] : more) {
        values[key] = value;
    }
    return values;
}

TEST(Resampling, MasksNobody)
{
    const auto masked = make_trainer(resampling({{"ssl.ucb_mode", "mask"}}));
    const auto resampled = make_trainer(resampling());
    int64_t masked_boxes = 0, boxes = 0;
    StepReport report;
    for (int k = 0; k < 8; ++k) {
        masked->step(&report);
        masked_boxes += report.labeled_boxes;
        resampled->step(&report);
        EXPECT_EQ(report.labeled_boxes, 4);
        boxes += report.labeled_boxes;
    }
    EXPECT_LT(masked_boxes, boxes);
}

TEST(Resampling, TakesTheHalvesThatAreBalanced)
{
    std::map<std::string, State> states;
    for (const char *halves : {"both", "labeled", "unlabeled", "none"}) {
        const test::TemporaryFolder folder;
        const auto trainer = make_trainer(resampling({{"ssl.ucb", halves}}));
        run_steps(*trainer, 3);
        trainer->save(folder / "three");
        const bool expects_pass = halves == std::string("both") || halves[0] == 'u';
        EXPECT_EQ(sslact::ArrayFile(folder / "three").has_prefix("ssl.pass."), expects_pass)
            << halves;
        states[halves] = copy_state(*trainer);
    }
    for (const auto &[first, a] : states) {
        for (const auto &[second, b] : states) {
            const std::string name = "student.head.projection.weight";
            EXPECT_EQ(test::same_bits(a.at(name), b.at(name)), first == second)
                << first << " " << second;
        }
    }
}

TEST(Resampling, GoesOnBitForBitAndFromAnyNumberOfThreads)
{
    const test::TemporaryFolder folder;
    const auto straight = make_trainer(resampling());
    run_steps(*straight, 5);
    const auto first = make_trainer(resampling({{"run.loader_threads", "3"}}));
    run_steps(*first, 2);
    first->save(folder / "two");
    const auto second = make_trainer(resampling());
    second->load(folder / "two");
    run_steps(*second, 3);
    expect_same(copy_state(*straight), copy_state(*second));
}

TEST(Resampling, WithoutAPseudoPositiveWarnsAndGoesOn)
{
    static std::string line;
    line.clear();
    log_set([](sslact_log_level, const char *, const char *text, void *) { line = text; },
            SSLACT_LOG_WARNING, nullptr);
    const auto trainer = make_trainer(resampling({{"ssl.mpl_tau_pos", "0.999"}}));
    trainer->step(nullptr);
    log_set(nullptr, SSLACT_LOG_WARNING, nullptr);
    EXPECT_NE(line.find("no class has a pseudo-positive"), std::string::npos) << line;
    EXPECT_EQ(trainer->iteration(), 1);
}

} // namespace
