// The method's kernels on the device against the C kernels, which tests/kernels checks.
#include "twins.h"

using namespace test;

namespace
{

struct Problem {
    Problem(kernel_type type, size_t rows, size_t columns)
        : n(rows), c(columns), teacher(type, draw(n * c, -6.0, 6.0, 1)),
          student(type, draw(n * c, -6.0, 6.0, 2)), positive(type, draw(c, 0.3, 0.9, 3)),
          negative(type, draw(c, 0.05, 0.35, 4)), weight(type, draw(c, 0.5, 1.5, 5)),
          mask(draw_words<uint8_t>(n, {0, 1, 1}, 6)),
          labels(draw_words<int8_t>(n * c, {-1, 0, 1}, 7)), queue(cuda_method_workspace(n, c))
    {
    }
    std::string name() const
    {
        return std::to_string(n) + " x " + std::to_string(c) + " of type " +
               std::to_string(teacher.type());
    }

    size_t n, c;
    Floats teacher, student, positive, negative, weight;
    Array<uint8_t> mask;
    Array<int8_t> labels;
    Queue queue;
};

template <typename Body> void for_all_problems(Body body)
{
    for (const kernel_type type : all_types) {
        for (const Size size : all_sizes) {
            Problem problem(type, size.n, size.c);
            SCOPED_TRACE(problem.name());
            body(problem);
            if (testing::Test::HasFatalFailure()) {
                return;
            }
        }
    }
}

} // namespace

TEST_F(Twins, PseudoLabelsAreThoseOfTheCKernel)
{
    for_all_problems([](Problem &p) {
        Array<int8_t> labels(std::vector<int8_t>(p.n * p.c, 9));
        kernel_pseudo_labels(p.teacher.host(), p.positive.host(), p.negative.host(), p.n, p.c,
                             labels.host_data());
        check(cuda_pseudo_labels(p.teacher.device(), p.positive.device(), p.negative.device(), p.n,
                                 p.c, labels.device_data(), p.queue.get()));

        EXPECT_EQ(labels.download(), labels.host());
    });
}

TEST_F(Twins, LabelWeightsAreThoseOfTheCKernelInEveryMode)
{
    for (const kernel_label_mode mode : all_modes) {
        for_all_problems([mode](Problem &p) {
            Floats positive(p.teacher.type(), p.n * p.c), negative(p.teacher.type(), p.n * p.c);
            kernel_label_weights(p.teacher.host(), p.labels.host_data(), p.positive.host(), 20.0,
                                 mode, p.n, p.c, positive.host_out(), negative.host_out());
            check(cuda_label_weights(p.teacher.device(), p.labels.device_data(),
                                     p.positive.device(), 20.0, mode, p.n, p.c,
                                     positive.device_out(), negative.device_out(), p.queue.get()));

            expect_close(positive, "positive_weight");
            expect_close(negative, "negative_weight");
        });
    }
}

TEST_F(Twins, LabelWeightsBackwardSumsAsTheCKernelInEveryMode)
{
    for (const kernel_label_mode mode : all_modes) {
        for_all_problems([mode](Problem &p) {
            Floats gradient(p.teacher.type(), p.c);
            kernel_label_weights_backward(p.student.host(), p.teacher.host(), p.labels.host_data(),
                                          p.positive.host(), 20.0, mode, p.n, p.c,
                                          gradient.host_out());
            check(cuda_label_weights_backward(
                p.student.device(), p.teacher.device(), p.labels.device_data(), p.positive.device(),
                20.0, mode, p.n, p.c, gradient.device_out(), p.queue.get()));

            expect_close(gradient, "positive_gradient");
        });
    }
}

TEST_F(Twins, RarestClassIsThatOfTheCKernelWithTiesAndNone)
{
    for (const Size size : all_sizes) {
        for (const int sparse : {0, 1}) {
            SCOPED_TRACE(std::to_string(size.n) + " x " + std::to_string(size.c));
            // Few counts, so that ties are common; few positives, so that some rows have none.
            const auto words = sparse ? std::vector<int8_t>{-1, 0, 0, 0, 0, 0, 0, 1}
                                      : std::vector<int8_t>{-1, 0, 1};
            Array<int8_t> labels(draw_words<int8_t>(size.n * size.c, words, 8));
            Array<int64_t> count(draw_words<int64_t>(size.c, {0, 3, 3, INT64_MAX, 1LL << 40}, 9));
            Array<int32_t> classes(std::vector<int32_t>(size.n, -9));
            Queue queue;
            kernel_rarest_class(labels.host_data(), count.host_data(), size.n, size.c,
                                classes.host_data());
            check(cuda_rarest_class(labels.device_data(), count.device_data(), size.n, size.c,
                                    classes.device_data(), queue.get()));

            EXPECT_EQ(classes.download(), classes.host());
        }
    }
}

TEST_F(Twins, MasksAreTheSameBitForBit)
{
    const size_t n = 20000;
    const size_t c = 7;
    Array<int32_t> classes(draw_words<int32_t>(n, {-1, 0, 1, 2, 3, 4, 5, 6}, 10));
    Array<double> probability({0.0, 1.0, 0.5, 0.1, 0.999, 1e-3, 0.3});
    ASSERT_EQ(probability.host().size(), c);
    Queue queue;
    // Counters beyond 32 and 44 bits take other paths through the generator.
    const uint64_t places[] = {0, 1, uint64_t{1} << 33, (uint64_t{1} << 44) - 5000};
    for (const uint64_t seed : {uint64_t{0}, ~uint64_t{0}}) {
        for (const uint64_t place : places) {
            for (const kernel_half half : {KERNEL_HALF_LABELED, KERNEL_HALF_UNLABELED}) {
                Array<uint8_t> mask(std::vector<uint8_t>(n, 9));
                kernel_sample_mask(classes.host_data(), probability.host_data(), seed, place, half,
                                   place, n, mask.host_data());
                check(cuda_sample_mask(classes.device_data(), probability.device_data(), seed,
                                       place, half, place, n, mask.device_data(), queue.get()));

                EXPECT_EQ(mask.download(), mask.host());
            }
        }
    }
}

TEST_F(Twins, BalancedBceIsThatOfTheCKernel)
{
    for_all_problems([](Problem &p) {
        Floats negatives(p.teacher.type(), draw(p.n * p.c, 0.0, 1.0, 11));
        Floats positives(p.teacher.type(), draw(p.n * p.c, 0.0, 1.0, 12));
        Floats loss(p.teacher.type(), 1);
        kernel_balanced_bce(p.student.host(), positives.host(), negatives.host(), p.weight.host(),
                            p.mask.host_data(), p.n, p.c, loss.host_out());
        check(cuda_balanced_bce(p.student.device(), positives.device(), negatives.device(),
                                p.weight.device(), p.mask.device_data(), p.n, p.c,
                                loss.device_out(), p.queue.get()));

        expect_close(loss, "loss");
    });
}

TEST_F(Twins, BalancedBceBackwardIsThatOfTheCKernel)
{
    for_all_problems([](Problem &p) {
        Floats negatives(p.teacher.type(), draw(p.n * p.c, 0.0, 1.0, 11));
        Floats positives(p.teacher.type(), draw(p.n * p.c, 0.0, 1.0, 12));
        Floats grad(p.teacher.type(), std::vector<double>{1.75});
        Floats logits(p.teacher.type(), p.n * p.c), weights(p.teacher.type(), p.n * p.c);
        kernel_balanced_bce_backward(grad.host(), p.student.host(), positives.host(),
                                     negatives.host(), p.weight.host(), p.mask.host_data(), p.n,
                                     p.c, logits.host_out(), weights.host_out());
        check(cuda_balanced_bce_backward(grad.device(), p.student.device(), positives.device(),
                                         negatives.device(), p.weight.device(),
                                         p.mask.device_data(), p.n, p.c, logits.device_out(),
                                         weights.device_out(), p.queue.get()));

        expect_close(logits, "logits_gradient");
        expect_close(weights, "positive_weight_gradient");
    });
}

TEST_F(Twins, PenaltyIsThatOfTheCKernelInEveryScope)
{
    for (const kernel_penalty_scope scope : all_scopes) {
        for_all_problems([scope](Problem &p) {
            Floats loss(p.teacher.type(), 1), gradient(p.teacher.type(), p.c);
            kernel_penalty(p.positive.host(), p.labels.host_data(), p.weight.host(),
                           p.mask.host_data(), scope, p.n, p.c, loss.host_out(),
                           gradient.host_out());
            check(cuda_penalty(p.positive.device(), p.labels.device_data(), p.weight.device(),
                               p.mask.device_data(), scope, p.n, p.c, loss.device_out(),
                               gradient.device_out(), p.queue.get()));

            expect_close(loss, "loss");
            expect_close(gradient, "positive_gradient");
        });
    }
}

namespace
{

// The fused loss on one side; the results it writes.
struct Fused {
    explicit Fused(const Problem &p)
        : pseudo(p.teacher.type(), 1), penalty(p.teacher.type(), 1),
          student(p.teacher.type(), p.n * p.c), from_pseudo(p.teacher.type(), p.c),
          from_penalty(p.teacher.type(), p.c)
    {
    }

    void run(Problem &p, kernel_label_mode mode, kernel_penalty_scope scope, bool on_device)
    {
        auto in = [&](Floats &array) { return on_device ? array.device() : array.host(); };
        auto out = [&](Floats &array) { return on_device ? array.device_out() : array.host_out(); };
        kernel_unsupervised task = {};
        task.teacher_logits = in(p.teacher);
        task.student_logits = in(p.student);
        task.positive = in(p.positive);
        task.negative = in(p.negative);
        task.class_weight = in(p.weight);
        task.mask = on_device ? p.mask.device_data() : p.mask.host_data();
        task.slope = 20.0;
        task.mode = mode;
        task.scope = scope;
        task.n = p.n;
        task.c = p.c;
        task.pseudo = out(pseudo);
        task.penalty = out(penalty);
        task.student_gradient = out(student);
        task.pseudo_positive_gradient = out(from_pseudo);
        task.penalty_positive_gradient = out(from_penalty);
        if (on_device) {
            check(cuda_unsupervised_loss(&task, p.queue.get()));
        } else {
            kernel_unsupervised_loss(&task);
        }
    }

    std::vector<unsigned char> device_bytes() const
    {
        std::vector<unsigned char> all;
        for (const Floats *array : {&pseudo, &penalty, &student, &from_pseudo, &from_penalty}) {
            const auto bytes = array->device_bytes();
            all.insert(all.end(), bytes.begin(), bytes.end());
        }
        return all;
    }

    Floats pseudo, penalty, student, from_pseudo, from_penalty;
};

} // namespace

TEST_F(Twins, TheFusedLossIsThatOfTheCKernelInEveryModeAndScope)
{
    for (const kernel_label_mode mode : all_modes) {
        for (const kernel_penalty_scope scope : all_scopes) {
            for_all_problems([=](Problem &p) {
                Fused fused(p);
                fused.run(p, mode, scope, false);
                fused.run(p, mode, scope, true);

                expect_close(fused.pseudo, "pseudo");
                expect_close(fused.penalty, "penalty");
                expect_close(fused.student, "student_gradient");
                expect_close(fused.from_pseudo, "pseudo_positive_gradient");
                expect_close(fused.from_penalty, "penalty_positive_gradient");
            });
        }
    }
}

TEST_F(Twins, TheFusedLossAddsUpAsManyTilesAsThereAreThreads)
{
    Problem p(KERNEL_FLOAT64, 4096, 33);
    Fused fused(p);
    fused.run(p, KERNEL_LABEL_SOFT, KERNEL_PENALTY_POSITIVES, false);
    fused.run(p, KERNEL_LABEL_SOFT, KERNEL_PENALTY_POSITIVES, true);

    expect_close(fused.pseudo, "pseudo");
    expect_close(fused.penalty, "penalty");
    expect_close(fused.from_pseudo, "pseudo_positive_gradient");
}

TEST_F(Twins, TheFusedLossRepeatsBitForBit)
{
    // The first is 1,024 tiles: as many as the second stage has threads.
    for (const Size size : {Size{4096, 33}, Size{48, 60}, Size{4200, 2}, Size{5, 1300}}) {
        Problem p(KERNEL_FLOAT32, size.n, size.c);
        expect_repeats([&] {
            Fused fused(p);
            fused.run(p, KERNEL_LABEL_HARD, KERNEL_PENALTY_ALL, true);
            return fused.device_bytes();
        });
    }
}

TEST_F(Twins, OtherReductionsRepeatBitForBit)
{
    Problem p(KERNEL_FLOAT32, 300, 70);
    expect_repeats([&] {
        Floats gradient(KERNEL_FLOAT32, p.c), loss(KERNEL_FLOAT32, 1);
        Array<int64_t> count(std::vector<int64_t>(p.c, 4));
        Array<int32_t> classes(std::vector<int32_t>(p.n, -9));
        check(cuda_label_weights_backward(
            p.student.device(), p.teacher.device(), p.labels.device_data(), p.positive.device(),
            20.0, KERNEL_LABEL_SOFT, p.n, p.c, gradient.device_out(), p.queue.get()));
        check(cuda_balanced_bce(p.student.device(), p.teacher.device(), p.teacher.device(),
                                p.weight.device(), p.mask.device_data(), p.n, p.c,
                                loss.device_out(), p.queue.get()));
        check(cuda_rarest_class(p.labels.device_data(), count.device_data(), p.n, p.c,
                                classes.device_data(), p.queue.get()));
        auto bytes = gradient.device_bytes();
        const auto more = loss.device_bytes();
        bytes.insert(bytes.end(), more.begin(), more.end());
        for (const int32_t one : classes.download()) {
            bytes.push_back(static_cast<unsigned char>(one));
        }
        return bytes;
    });
}

TEST_F(Twins, ANanInAMaskedRowReachesTheLoss)
{
    Problem p(KERNEL_FLOAT64, 10, 4);
    std::vector<double> broken = draw(p.n * p.c, -6.0, 6.0, 1);
    const size_t masked =
        std::find(p.mask.host().begin(), p.mask.host().end(), 0) - p.mask.host().begin();
    ASSERT_LT(masked, p.n);
    broken[masked * p.c] = NAN;
    Floats student(KERNEL_FLOAT64, broken);
    Floats loss(KERNEL_FLOAT64, 1);

    check(cuda_balanced_bce(student.device(), p.teacher.device(), p.teacher.device(),
                            p.weight.device(), p.mask.device_data(), p.n, p.c, loss.device_out(),
                            p.queue.get()));

    EXPECT_TRUE(std::isnan(loss.device_values()[0]));
}

TEST_F(Twins, ResultsThatAreNotWantedAreLeftOut)
{
    Problem p(KERNEL_FLOAT32, 20, 6);
    Floats pseudo(KERNEL_FLOAT32, 1);
    kernel_unsupervised task = {};
    task.teacher_logits = p.teacher.device();
    task.student_logits = p.student.device();
    task.positive = p.positive.device();
    task.negative = p.negative.device();
    task.class_weight = p.weight.device();
    task.mask = p.mask.device_data();
    task.slope = 20.0;
    task.n = p.n;
    task.c = p.c;
    task.pseudo = pseudo.device_out();

    check(cuda_unsupervised_loss(&task, p.queue.get()));

    EXPECT_GT(pseudo.device_values()[0], 0.0);
}

TEST_F(Twins, AWorkspaceThatIsTooSmallIsRefused)
{
    Problem p(KERNEL_FLOAT32, 20, 6);
    Queue small(cuda_method_workspace(p.n, p.c) - 1);
    Floats loss(KERNEL_FLOAT32, 1);

    const cuda_error error = cuda_balanced_bce(
        p.student.device(), p.teacher.device(), p.teacher.device(), p.weight.device(),
        p.mask.device_data(), p.n, p.c, loss.device_out(), small.get());

    EXPECT_NE(error, 0);
    EXPECT_EQ(loss.device_values()[0], -777.0);
}
