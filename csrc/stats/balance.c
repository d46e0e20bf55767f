// Owns the class statistics: counts and co-occurrence of the labelled instances, and what follows
// from them (imbalance, sampling probability, gap, weight, start threshold). Pure arithmetic on the
// caller's array; no file is read here.
#include "stats/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

// A class list longer than this is a mistake of the caller: the pair table alone takes 134 MB.
#define BALANCE_MAX_CLASSES 4096

static sslact_status check_options(const balance_options *o)
{
    // Written as "not in range" so that NaN is refused too.
    if (!(o->beta >= 0.0 && isfinite(o->beta))) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "beta: %g, expected 0 or more", o->beta);
    }
    if (!(o->gamma >= 0.0 && isfinite(o->gamma))) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "gamma: %g, expected 0 or more", o->gamma);
    }
    if (!(o->tau_positive > 0.0 && o->tau_positive < 1.0)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "tau_positive: %g, expected a value between 0 and 1", o->tau_positive);
    }
    if (o->mapping != MAPPING_CONCAVE && o->mapping != MAPPING_LINEAR &&
        o->mapping != MAPPING_CONVEX) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "mapping: %d, expected 0 (concave), 1 (linear) or 2 (convex)",
                         (int)o->mapping);
    }
    return SSLACT_OK;
}

static sslact_status check_class_count(int32_t class_count)
{
    return class_count >= 1 && class_count <= BALANCE_MAX_CLASSES
               ? SSLACT_OK
               : error_set(SSLACT_ERROR_INVALID_ARGUMENT, "class_count: %d, expected 1 to %d",
                           (int)class_count, BALANCE_MAX_CLASSES);
}

// n_j within the instances, n_jk within both classes.
static sslact_status check_counts(const int64_t *count, const int64_t *pair_count,
                                  int64_t instance_count, size_t c)
{
    for (size_t j = 0; j < c; j++) {
        if (count[j] < 0 || count[j] > instance_count) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "count[%zu]: %lld, expected 0 to %lld, the instances", j,
                             (long long)count[j], (long long)instance_count);
        }
    }
    for (size_t j = 0; j < c; j++) {
        for (size_t k = 0; k < c; k++) {
            const int64_t least = count[j] < count[k] ? count[j] : count[k];
            const int64_t pairs = pair_count[j * c + k];
            if (j != k && (pairs < 0 || pairs > least)) {
                return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                                 "pair_count[%zu][%zu]: %lld, expected 0 to %lld, the count of "
                                 "the rarer class",
                                 j, k, (long long)pairs, (long long)least);
            }
        }
    }
    return SSLACT_OK;
}

static sslact_status check_labels(const uint8_t *labels, const int64_t *instance_weight, size_t n,
                                  size_t c)
{
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t weight = instance_weight != NULL ? instance_weight[i] : 1;
        if (weight < 0) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "instance_weight[%zu]: %lld, expected 0 or more", i,
                             (long long)weight);
        }
        // Every count below is a sum of a subset of these weights, so one check covers them all.
        if (__builtin_add_overflow(total, weight, &total)) {
            return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                             "instance_weight[%zu]: the sum does not fit into 64 bits", i);
        }
        for (size_t j = 0; j < c; j++) {
            if (labels[i * c + j] > 1) {
                return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                                 "labels[%zu][%zu]: %d, expected 0 or 1", i, j, labels[i * c + j]);
            }
        }
    }
    return SSLACT_OK;
}

static balance *create(int32_t class_count)
{
    const size_t c = (size_t)class_count;
    balance *b = array_create(1, sizeof(*b));
    if (b == NULL) {
        return NULL;
    }
    b->class_count = class_count;
    b->count = array_create(c, sizeof(int64_t));
    b->pair_count = array_create(c * c, sizeof(int64_t));
    b->assigned = array_create(c * c, sizeof(int64_t));
    b->imbalance = array_create(c, sizeof(double));
    b->probability = array_create(c, sizeof(double));
    b->sampled = array_create(c, sizeof(double));
    b->gap = array_create(c, sizeof(double));
    b->weight = array_create(c, sizeof(double));
    b->threshold = array_create(c, sizeof(double));
    if (b->count == NULL || b->pair_count == NULL || b->assigned == NULL || b->imbalance == NULL ||
        b->probability == NULL || b->sampled == NULL || b->gap == NULL || b->weight == NULL ||
        b->threshold == NULL) {
        balance_free(b);
        return NULL;
    }
    return b;
}

// Writes the positive classes of one row into members [C]; returns how many.
static size_t list_members(const uint8_t *labels_i, size_t c, int32_t *members)
{
    size_t count = 0;
    for (size_t j = 0; j < c; j++) {
        if (labels_i[j] != 0) {
            members[count++] = (int32_t)j;
        }
    }
    return count;
}

// k(S): the member with the smallest n, the lowest index on a tie (members rise, so "<" keeps it).
static int32_t find_rarest(const int64_t *count, const int32_t *members, size_t member_count)
{
    int32_t rarest = members[0];
    for (size_t m = 1; m < member_count; m++) {
        if (count[members[m]] < count[rarest]) {
            rarest = members[m];
        }
    }
    return rarest;
}

// n first, because the assignment needs all of it; then n_jk and the assignment in a second pass.
static void count_instances(balance *b, const uint8_t *labels, const int64_t *instance_weight,
                            size_t n, int32_t *members)
{
    const size_t c = (size_t)b->class_count;
    for (size_t i = 0; i < n; i++) {
        const int64_t weight = instance_weight != NULL ? instance_weight[i] : 1;
        b->instance_count += weight;
        for (size_t j = 0; j < c; j++) {
            b->count[j] += labels[i * c + j] != 0 ? weight : 0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const int64_t weight = instance_weight != NULL ? instance_weight[i] : 1;
        const size_t member_count = list_members(labels + i * c, c, members);
        if (member_count == 0) {
            continue;
        }
        const size_t rarest = (size_t)find_rarest(b->count, members, member_count);
        for (size_t m = 0; m < member_count; m++) {
            const size_t j = (size_t)members[m];
            b->assigned[j * c + rarest] += weight;
            for (size_t other = 0; other < member_count; other++) {
                if (other != m) {
                    b->pair_count[j * c + (size_t)members[other]] += weight;
                }
            }
        }
    }
}

// nbar, eta and p, Eq. (9).
static void fit_probability(balance *b, double beta)
{
    int64_t largest = 0;
    double sum = 0.0; // of doubles: C classes of 2^63 instances would not fit into an integer
    for (int32_t j = 0; j < b->class_count; j++) {
        largest = b->count[j] > largest ? b->count[j] : largest;
        sum += (double)b->count[j];
    }
    b->mean_count = sum / b->class_count;
    for (int32_t j = 0; j < b->class_count; j++) {
        const double n_j = (double)b->count[j];
        b->imbalance[j] = largest > 0 ? n_j / (double)largest : 0.0;
        b->probability[j] = n_j > b->mean_count ? pow(b->mean_count / n_j, beta) : 1.0;
    }
}

// s_j: how many instances with class j a mask drawn with p keeps, Eq. (11) or the exact sum.
static double count_sampled(const balance *b, int32_t j, bool exact)
{
    const int64_t *row = (exact ? b->assigned : b->pair_count) + (size_t)j * (size_t)b->class_count;
    const double *p = b->probability;
    double sampled = exact ? 0.0 : (double)b->count[j] * p[j];
    for (int32_t k = 0; k < b->class_count; k++) {
        sampled += (double)row[k] * (exact ? p[k] : fmax(p[k] - p[j], 0.0));
    }
    return sampled;
}

// s, g and w, Eqs. (11) to (13). A class without instances is not corrected: w = 1.
static void fit_weight(balance *b, double gamma, bool exact)
{
    for (int32_t j = 0; j < b->class_count; j++) {
        const bool seen = b->count[j] > 0;
        b->sampled[j] = count_sampled(b, j, exact);
        b->gap[j] = seen ? b->sampled[j] / b->mean_count : 0.0;
        b->weight[j] = seen ? pow(b->gap[j], -gamma) : 1.0;
    }
}

static void fit_thresholds(balance *b, const balance_options *options)
{
    for (int32_t j = 0; j < b->class_count; j++) {
        b->threshold[j] = balance_threshold(b, options->mapping, options->tau_positive, j);
    }
}

static double compute_kept_share(const balance *b)
{
    double kept = 0.0;
    double assigned = 0.0;
    for (size_t k = 0; k < (size_t)b->class_count; k++) {
        // An instance assigned to k contains k, so the diagonal counts each of them once.
        const double count = (double)b->assigned[k * (size_t)b->class_count + k];
        kept += count * b->probability[k];
        assigned += count;
    }
    const double total = (double)b->instance_count;
    return total > 0.0 ? (kept + (total - assigned)) / total : 1.0;
}

sslact_status balance_fit(const uint8_t *labels, const int64_t *instance_weight, size_t n,
                          int32_t class_count, const balance_options *options, balance **out)
{
    sslact_status status;
    balance *b = NULL;
    int32_t *members = NULL;
    if ((status = check_class_count(class_count)) != SSLACT_OK ||
        (status = check_options(options)) != SSLACT_OK ||
        (status = check_labels(labels, instance_weight, n, (size_t)class_count)) != SSLACT_OK) {
        goto out;
    }
    b = create(class_count);
    members = array_create((size_t)class_count, sizeof(*members));
    if (b == NULL || members == NULL) {
        status = SSLACT_ERROR_OUT_OF_MEMORY;
        goto out;
    }
    count_instances(b, labels, instance_weight, n, members);
    fit_probability(b, options->beta);
    fit_weight(b, options->gamma, options->exact_cooccurrence);
    b->expected_kept_share = compute_kept_share(b);
    fit_thresholds(b, options);
    *out = b;
    b = NULL;
out:
    balance_free(b);
    free(members);
    return status;
}

sslact_status balance_fit_counts(const int64_t *count, const int64_t *pair_count,
                                 int64_t instance_count, int32_t class_count,
                                 const balance_options *options, balance **out)
{
    sslact_status status;
    const size_t c = (size_t)class_count;
    if ((status = check_class_count(class_count)) != SSLACT_OK ||
        (status = check_options(options)) != SSLACT_OK ||
        (status = check_counts(count, pair_count, instance_count, c)) != SSLACT_OK) {
        return status;
    }
    if (options->exact_cooccurrence) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "exact_cooccurrence: true, counts alone give the pairwise form only");
    }
    balance *b = create(class_count);
    if (b == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    b->instance_count = instance_count;
    memcpy(b->count, count, c * sizeof(*count));
    memcpy(b->pair_count, pair_count, c * c * sizeof(*pair_count));
    for (size_t j = 0; j < c; j++) {
        b->pair_count[j * c + j] = 0;
    }
    fit_probability(b, options->beta);
    fit_weight(b, options->gamma, false);
    fit_thresholds(b, options);
    b->expected_kept_share = NAN;
    *out = b;
    return SSLACT_OK;
}

void balance_free(balance *b)
{
    if (b == NULL) {
        return;
    }
    free(b->count);
    free(b->pair_count);
    free(b->assigned);
    free(b->imbalance);
    free(b->probability);
    free(b->sampled);
    free(b->gap);
    free(b->weight);
    free(b->threshold);
    free(b);
}

double balance_map(balance_mapping mapping, double eta)
{
    switch (mapping) {
    case MAPPING_LINEAR:
        return eta;
    case MAPPING_CONVEX:
        return eta / (2.0 - eta);
    case MAPPING_CONCAVE:
        break;
    }
    return pow(eta, 0.1);
}

double balance_threshold(const balance *b, balance_mapping mapping, double tau, int32_t j)
{
    return (b->count[j] > 0 ? balance_map(mapping, b->imbalance[j]) : 1.0) * tau;
}
