// The neighbour prior in training: evidence reaches the loss by way of the clips' names.
#include "trainer_support.h"

namespace
{

using sslact::Trainer;
using test::Held;

// Clips at the half seconds of a film, labelled ones at its seconds; the same boxes.
Held<dataset> make_film(size_t count, double first, bool labeled)
{
    dataset *made = nullptr;
    test::require(dataset_create(test::class_count, nullptr, &made));
    Held<dataset> held(made);
    test::ClipShape shape;
    shape.labeled = labeled;
    for (size_t i = 0; i < count; ++i) {
        test::OwnClip own(4 * i, shape); // the number decides the box: always the same
        for (uint8_t &label : own.labels) {
            label = &label == &own.labels[0]; // class 0 on all of them, no other anywhere
        }
        const std::string name = "film," + std::to_string(first + static_cast<double>(i));
        own.view.name = name.c_str();
        test::require(dataset_append(made, &own.view));
    }
    return held;
}

sslact::StepReport step_once(const test::Values &values)
{
    test::Values all = {{"ssl.mpl_mode", "fixed"}, {"ssl.mpl_tau_pos", "0.9"}};
    for (const auto &[key, value] : values) {
        all[key] = value;
    }
    const Held<config> settings = test::make_training_config(all);
    const Held<dataset> labeled = make_film(5, 902, true), unlabeled = make_film(4, 902.5, false);
    Trainer trainer(settings.get(), labeled.get(), unlabeled.get());
    sslact::StepReport report;
    trainer.step(&report);
    return report;
}

TEST(TrainerNeighbours, ClassesOnBothSidesBecomePositive)
{
    // An untrained network says about 0.5 to everything: no positive over 0.9, but over 0.2.
    EXPECT_EQ(step_once({}).positive_rate, 0.0);
    const auto lowered =
        step_once({{"ssl.neighbour_prior", "true"}, {"ssl.neighbour_shift", "0.7"}});
    EXPECT_DOUBLE_EQ(lowered.positive_rate, 1.0 / test::class_count);
}

TEST(TrainerNeighbours, ClassesOnNeitherSideAreNoPositives)
{
    EXPECT_DOUBLE_EQ(step_once({{"ssl.mpl_tau_pos", "0.11"}}).positive_rate, 1.0);
    const auto taken_back =
        step_once({{"ssl.mpl_tau_pos", "0.11"}, {"ssl.neighbour_prior", "true"}});
    EXPECT_DOUBLE_EQ(taken_back.positive_rate, 1.0 / test::class_count);
    EXPECT_DOUBLE_EQ(taken_back.ignored_rate, 2.0 / test::class_count);
}

TEST(TrainerNeighbours, MustBeNearEnough)
{
    const auto far = step_once({{"ssl.neighbour_prior", "true"},
                                {"ssl.neighbour_shift", "0.7"},
                                {"ssl.neighbour_seconds", "0.4"}});
    EXPECT_EQ(far.positive_rate, 0.0);
}

} // namespace
