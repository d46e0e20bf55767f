/* tests/capi/losses.c: the balance and the unsupervised loss on plain arrays, no model, no torch.
 * Four people, three classes; what it prints is in docs/losses.md. */
#include <stdio.h>

#include "sslact/sslact.h"

#define TRY(call)                                                                                  \
    if ((call) < 0) {                                                                              \
        fprintf(stderr, "losses: %s\n", sslact_error_get_message());                               \
        return 1;                                                                                  \
    }

int main(void)
{
    /* What was labelled: class 0 six times alone, twice with class 1, ... */
    static uint8_t sets[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 1, 0}};
    static const int64_t times[4] = {6, 2, 1, 1};
    static float teacher[4][3] = {{3, -4, -2}, {2, 1.5f, -3}, {-1, 0.5f, -4}, {-3, -5, -3}};
    static float student[4][3] = {{1, -2, 0}, {2, -1, -1}, {0, 0, -2}, {-1, -3, 1}};
    static float negative[3] = {0.1f, 0.1f, 0.1f};
    double weight[3], probability[3], start[3], pseudo, penalty;
    float positive[3], slope[4][3], pull[3];
    int64_t count[3];
    int8_t y[4][3];
    int32_t k[4];
    uint8_t kept[4];
    const int64_t matrix[2] = {4, 3}, vector[1] = {3}, rows[1] = {4};
    sslact_tensor label_sets, zt, zu, upper, lower, labels, classes, mask, dz, dt;
    sslact_balance_options options;
    sslact_balance balance;
    int j;

    TRY(sslact_tensor_describe(sets, SSLACT_UINT8, 2, matrix, &label_sets));
    SSLACT_INIT(options);
    options.instance_weight = times;
    SSLACT_INIT(balance);
    balance.count = count;
    balance.probability = probability;
    balance.weight = weight;
    balance.threshold = start;
    TRY(sslact_loss_fit_balance(&label_sets, &options, &balance));
    for (j = 0; j < 3; j++) {
        positive[j] = (float)start[j];
        printf("class %d: n %d p %.6f w %.6f T %.6f\n", j, (int)count[j], probability[j],
               weight[j], start[j]);
    }

    TRY(sslact_tensor_describe(teacher, SSLACT_FLOAT32, 2, matrix, &zt));
    TRY(sslact_tensor_describe(student, SSLACT_FLOAT32, 2, matrix, &zu));
    TRY(sslact_tensor_describe(positive, SSLACT_FLOAT32, 1, vector, &upper));
    TRY(sslact_tensor_describe(negative, SSLACT_FLOAT32, 1, vector, &lower));
    TRY(sslact_tensor_describe(y, SSLACT_INT8, 2, matrix, &labels));
    TRY(sslact_tensor_describe(k, SSLACT_INT32, 1, rows, &classes));
    TRY(sslact_tensor_describe(kept, SSLACT_UINT8, 1, rows, &mask));
    TRY(sslact_tensor_describe(slope, SSLACT_FLOAT32, 2, matrix, &dz));
    TRY(sslact_tensor_describe(pull, SSLACT_FLOAT32, 1, vector, &dt));
    TRY(sslact_loss_assign_labels(&zt, &upper, &lower, NULL, &labels));
    TRY(sslact_loss_assign_classes(&labels, count, NULL, &classes));
    TRY(sslact_loss_sample_boxes(&classes, probability, 3, 0, SSLACT_HALF_UNLABELED, NULL, &mask));
    TRY(sslact_loss_compute_unsupervised(&zt, &zu, &upper, &lower, weight, &mask, 1.0, NULL,
                                         &pseudo, &penalty, &dz, &dt));
    printf("classes %d %d %d %d, kept %d %d %d %d\n", k[0], k[1], k[2], k[3], kept[0], kept[1],
           kept[2], kept[3]);
    printf("L_cls %.6f L_reg %.6f\n", pseudo, penalty);
    printf("dT %.5f %.5f %.5f\n", pull[0], pull[1], pull[2]);
    return 0;
}
