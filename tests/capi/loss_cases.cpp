// The method cases through the functions of loss.h, put together as a C program would.

#include <fstream>

#include "loss_support.h"
#include "support/method_case.h"

namespace
{

using namespace test;

constexpr double balance_tolerance = 1e-10;

std::string case_path(const std::string &name)
{
    return SSLACT_TESTS_FOLDER "/ssl/data/" + name + ".json";
}

// ---- the balance ----

// Every array that sslact_balance takes, and the options of a case.
struct Fitted {
    Fitted(const Histogram &sets, size_t c, const sslact_balance_options &options)
        : n(c), pairs(c * c), assigned(c * c), eta(c), p(c), s(c), g(c), w(c), threshold(c),
          negative(c)
    {
        const auto rows = static_cast<int64_t>(sets.counts.size());
        Array<uint8_t> labels({rows, static_cast<int64_t>(c)}, sets.labels);
        SSLACT_INIT(out);
        out.count = n.data();
        out.imbalance = eta.data();
        out.probability = p.data();
        out.gap = g.data();
        out.weight = w.data();
        out.threshold = threshold.data();
        out.sampled = s.data();
        out.pair_count = pairs.data();
        out.assigned = assigned.data();
        out.negative_threshold = negative.data();
        EXPECT_DONE_WELL(sslact_loss_fit_balance(labels, &options, &out));
    }

    sslact_balance out;
    std::vector<int64_t> n, pairs, assigned;
    std::vector<double> eta, p, s, g, w, threshold, negative;
};

// beta and gamma are pointers in the options; they live here.
struct BalanceOptions {
    explicit BalanceOptions(const MethodCase &given, const std::vector<int64_t> &counts)
        : beta(given.option("ucb_beta", 0.9)), gamma(given.option("ucb_gamma", 0.05))
    {
        SSLACT_INIT(options);
        options.beta = &beta;
        options.gamma = &gamma;
        options.tau_positive = given.option("mpl_tau_pos", 0.9);
        options.tau_negative = given.option("mpl_tau_neg", 0.1);
        options.exact_cooccurrence = given.option("ucb_cooc", "pairwise") == "exact";
        options.instance_weight = counts.data();
    }

    double beta, gamma;
    sslact_balance_options options;
};

void expect_thresholds(const MethodCase &given, const Histogram &sets, size_t c,
                       sslact_balance_options options)
{
    const std::pair<int32_t, const char *> mappings[] = {{SSLACT_MAPPING_CONCAVE, "concave"},
                                                         {SSLACT_MAPPING_LINEAR, "linear"},
                                                         {SSLACT_MAPPING_CONVEX, "convex"}};
    for (const auto &[mapping, name] : mappings) {
        options.mapping = mapping;
        const Fitted fitted(sets, c, options);
        const std::string path = std::string("outputs/thresholds/") + name;
        expect_close(fitted.threshold, given.array(path), balance_tolerance, path);
    }
}

const char *const case_names[] = {"01_fixed_plain", "02_class_related_pairwise",
                                  "03_learnable_default", "04_learnable_soft_exact"};

TEST(LossCases, BalanceOfTheMethodCasesAgrees)
{
    for (const char *name : case_names) {
        SCOPED_TRACE(name);
        const MethodCase given(case_path(name));
        const auto c = static_cast<size_t>(given.integer("inputs/C"));
        const Histogram sets = given.label_sets();
        const BalanceOptions wanted(given, sets.counts);

        const Fitted fitted(sets, c, wanted.options);

        EXPECT_EQ(fitted.n, given.integers("outputs/n"));
        EXPECT_EQ(fitted.pairs, given.integers("outputs/pair_counts"));
        EXPECT_EQ(fitted.assigned, given.integers("outputs/assigned_counts"));
        expect_close({fitted.out.mean_count}, given.array("outputs/n_bar"), balance_tolerance,
                     "n_bar");
        const std::pair<const std::vector<double> *, const char *> arrays[] = {{&fitted.eta, "eta"},
                                                                               {&fitted.p, "p"},
                                                                               {&fitted.s, "s"},
                                                                               {&fitted.g, "g"},
                                                                               {&fitted.w, "w_g"}};
        for (const auto &[values, what] : arrays) {
            expect_close(*values, given.array(std::string("outputs/") + what), balance_tolerance,
                         what);
        }
        expect_thresholds(given, sets, c, wanted.options);
    }
}

TEST(LossCases, BalanceOfRealAvaLabelsAgrees)
{
    const MethodCase given(SSLACT_TESTS_FOLDER "/stats/data/ava_part18_balance.json");
    std::ifstream file(SSLACT_TESTS_FOLDER "/stats/data/ava_part18_label_sets.csv");
    const Histogram sets = read_label_sets(file, 60);
    ASSERT_GT(sets.counts.size(), 100u);
    for (const bool exact : {false, true}) {
        BalanceOptions wanted(given, sets.counts);
        wanted.options.exact_cooccurrence = exact;
        const std::string form = std::string("outputs/") + (exact ? "exact/" : "pairwise/");

        const Fitted fitted(sets, 60, wanted.options);

        EXPECT_EQ(fitted.out.instance_count, given.integer("outputs/instances"));
        EXPECT_EQ(fitted.n, given.integers("outputs/n"));
        expect_close(fitted.p, given.array("outputs/p"), balance_tolerance, "p");
        expect_close(fitted.s, given.array(form + "s"), balance_tolerance, "s");
        expect_close(fitted.g, given.array(form + "g"), balance_tolerance, "g");
        expect_close(fitted.w, given.array(form + "w_g"), balance_tolerance, "w_g");
        expect_close({fitted.out.expected_kept_share}, given.array("outputs/expected_kept_share"),
                     balance_tolerance, "expected_kept_share");
        expect_thresholds(given, sets, 60, wanted.options);
    }
}

TEST(LossCases, ALabelSetCountsLikeAsManyRows)
{
    const MethodCase given(case_path("04_learnable_soft_exact"));
    const Histogram sets = given.label_sets();
    Histogram rows;
    for (size_t i = 0; i < sets.counts.size(); ++i) {
        for (int64_t k = 0; k < sets.counts[i]; ++k) {
            rows.labels.insert(rows.labels.end(), sets.labels.begin() + static_cast<long>(i) * 6,
                               sets.labels.begin() + static_cast<long>(i + 1) * 6);
            rows.counts.push_back(1);
        }
    }
    BalanceOptions wanted(given, sets.counts);
    const Fitted by_sets(sets, 6, wanted.options);
    wanted.options.instance_weight = nullptr;

    const Fitted by_rows(rows, 6, wanted.options);

    EXPECT_EQ(by_rows.n, by_sets.n);
    EXPECT_EQ(by_rows.w, by_sets.w);
    EXPECT_EQ(by_rows.out.instance_count, 120);
}

// ---- one iteration ----

std::vector<double> complement(std::vector<double> values)
{
    for (double &value : values) {
        value = 1.0 - value;
    }
    return values;
}

std::vector<double> scaled(std::vector<double> values, double factor)
{
    for (double &value : values) {
        value *= factor;
    }
    return values;
}

// The unlabelled and the labelled half of a case in one precision.
template <typename Number> class Iteration
{
public:
    explicit Iteration(const char *name)
        : given(case_path(name)), c(given.integer("inputs/C")), sets(given.label_sets()),
          wanted(given, sets.counts), fitted(sets, static_cast<size_t>(c), wanted.options),
          mode(given.option("mpl_mode", "learnable")),
          balanced(given.option("ucb", "both") == "both"), n_u(rows_of("mask_u")),
          n_l(rows_of("mask_l")), teacher({n_u, c}, given.array("inputs/teacher_logits")),
          student({n_u, c}, given.array("inputs/student_logits_u")),
          labeled({n_l, c}, given.array("inputs/student_logits_l")),
          truth({n_l, c}, given.array("inputs/y_l")), positive({c}, thresholds()),
          negative({c}, fitted.negative), mask_u({n_u}, given.array("inputs/mask_u")),
          mask_l({n_l}, given.array("inputs/mask_l"))
    {
        SSLACT_INIT(options);
        options.label_mode = mode != "learnable"                           ? SSLACT_LABEL_FIXED
                             : given.option("mpl_label", "hard") == "soft" ? SSLACT_LABEL_SOFT
                                                                           : SSLACT_LABEL_HARD;
        options.slope = given.option("mpl_a", 0.0);
    }

    double tolerance() const { return sizeof(Number) == 8 ? 1e-10 : 1e-5; }
    const double *weights() const { return balanced ? fitted.w.data() : nullptr; }
    sslact_tensor *mask(Array<uint8_t> &given_mask) const
    {
        return balanced ? static_cast<sslact_tensor *>(given_mask) : nullptr;
    }
    void expect(const std::vector<double> &values, const char *name) const
    {
        expect_close(values, given.array(std::string("outputs/") + name), tolerance(), name);
    }
    template <typename Integer>
    void expect_integers(const std::vector<Integer> &values, const char *name) const
    {
        EXPECT_EQ(std::vector<int64_t>(values.begin(), values.end()),
                  given.integers(std::string("outputs/") + name))
            << name;
    }

    MethodCase given;
    int64_t c;
    Histogram sets;
    BalanceOptions wanted;
    Fitted fitted;
    std::string mode;
    bool balanced;
    int64_t n_u, n_l;
    Array<Number> teacher, student, labeled;
    Array<uint8_t> truth;
    Array<Number> positive, negative;
    Array<uint8_t> mask_u, mask_l;
    sslact_loss_options options;

private:
    int64_t rows_of(const char *mask_name) const
    {
        return static_cast<int64_t>(given.array(std::string("inputs/") + mask_name).size());
    }
    std::vector<double> thresholds() const
    {
        return mode == "learnable" ? given.array("inputs/T_pos")
               : mode == "class_related"
                   ? fitted.threshold
                   : std::vector<double>(fitted.w.size(), given.option("mpl_tau_pos", 0.5));
    }
};

template <typename Number> void expect_labels_and_classes(Iteration<Number> &run)
{
    Array<int8_t> labels({run.n_u, run.c});
    ASSERT_DONE_WELL(
        sslact_loss_assign_labels(run.teacher, run.positive, run.negative, &run.options, labels));
    run.expect_integers(labels.values, "label_u");
    std::vector<int64_t> positives(static_cast<size_t>(run.c)), negatives(positives);
    int64_t ignored = 0;
    for (size_t k = 0; k < labels.values.size(); ++k) {
        const size_t j = k % static_cast<size_t>(run.c);
        positives[j] += labels.values[k] == 1;
        negatives[j] += labels.values[k] == 0;
        ignored += labels.values[k] == -1;
    }
    run.expect_integers(positives, "positives_per_class");
    run.expect_integers(negatives, "negatives_per_class");
    EXPECT_EQ(ignored, run.given.integer("outputs/ignored"));

    Array<int32_t> unlabelled({run.n_u}), labelled({run.n_l});
    ASSERT_DONE_WELL(
        sslact_loss_assign_classes(labels, run.fitted.n.data(), &run.options, unlabelled));
    ASSERT_DONE_WELL(
        sslact_loss_assign_classes(run.truth, run.fitted.n.data(), &run.options, labelled));
    run.expect_integers(unlabelled.values, "k_u");
    run.expect_integers(labelled.values, "k_l");

    Array<Number> pc({run.n_u, run.c}), nc({run.n_u, run.c});
    ASSERT_DONE_WELL(
        sslact_loss_weigh_labels(run.teacher, labels, run.positive, &run.options, pc, nc));
    run.expect(pc.doubles(), "pos_coef");
    run.expect(nc.doubles(), "neg_coef");
}

// L_cls, L_reg and their gradients, from the parts and in one pass.
template <typename Number> void expect_unsupervised(Iteration<Number> &run, double &total)
{
    const bool learnable = run.mode == "learnable";
    const double lambda = run.given.option("loss_lambda", 0.3);
    const double lambda1 = run.given.option("mpl_lambda1", 1.0);
    double pseudo = -1.0, penalty = -1.0, parts = -1.0;
    Array<Number> z_gradient({run.n_u, run.c}), t_gradient({run.c});
    ASSERT_DONE_WELL(sslact_loss_compute_unsupervised(
        run.teacher, run.student, run.positive, run.negative, run.weights(), run.mask(run.mask_u),
        lambda1, &run.options, &pseudo, &penalty, z_gradient, t_gradient));
    run.expect({pseudo}, "L_cls_u");
    run.expect({penalty}, "L_reg_u");
    run.expect({pseudo + lambda1 * penalty}, "L_u");
    run.expect(scaled(z_gradient.doubles(), lambda), "dL_dz_u");
    run.expect(scaled(t_gradient.doubles(), lambda), "dL_dT");
    total = lambda * (pseudo + lambda1 * penalty);

    Array<int8_t> labels({run.n_u, run.c});
    Array<Number> pc({run.n_u, run.c}), nc({run.n_u, run.c});
    ASSERT_DONE_WELL(
        sslact_loss_assign_labels(run.teacher, run.positive, run.negative, &run.options, labels));
    ASSERT_DONE_WELL(
        sslact_loss_weigh_labels(run.teacher, labels, run.positive, &run.options, pc, nc));
    ASSERT_DONE_WELL(sslact_loss_compute_bce(run.student, pc, nc, run.weights(),
                                             run.mask(run.mask_u), &run.options, &parts, z_gradient,
                                             nullptr));
    run.expect({parts}, "L_cls_u");
    run.expect(scaled(z_gradient.doubles(), lambda), "dL_dz_u");
    if (learnable) {
        ASSERT_DONE_WELL(sslact_loss_compute_penalty(run.positive, labels, run.weights(),
                                                     run.mask(run.mask_u), &run.options, &parts,
                                                     nullptr));
        run.expect({parts}, "L_reg_u");
    }
}

template <typename Number> void expect_supervised(Iteration<Number> &run, double &total)
{
    Array<Number> yes({run.n_l, run.c}, run.truth.doubles());
    Array<Number> no({run.n_l, run.c}, complement(run.truth.doubles()));
    Array<Number> gradient({run.n_l, run.c});
    double loss = -1.0;
    ASSERT_DONE_WELL(sslact_loss_compute_bce(run.labeled, yes, no, run.weights(),
                                             run.mask(run.mask_l), nullptr, &loss, gradient,
                                             nullptr));
    run.expect({loss}, "L_s");
    run.expect(gradient.doubles(), "dL_dz_l");
    total += loss;
}

template <typename Number> void expect_case(const char *name)
{
    SCOPED_TRACE(name);
    Iteration<Number> run(name);
    double total = 0.0;
    expect_labels_and_classes(run);
    expect_unsupervised(run, total);
    expect_supervised(run, total);
    run.expect({total}, "L_total");
}

TEST(LossCases, IterationsAgreeInDouble)
{
    for (const char *name : case_names) {
        expect_case<double>(name);
    }
}

TEST(LossCases, IterationsAgreeInFloat)
{
    for (const char *name : case_names) {
        expect_case<float>(name);
    }
}

} // namespace
