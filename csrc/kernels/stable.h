// The method's scalar functions in the forms that never overflow: everything from exp(-|x|)
// (method.md section 0). Double throughout, whatever the arrays hold. C and CUDA C++.
#ifndef KERNELS_STABLE_H
#define KERNELS_STABLE_H

#include <math.h>

#include "kernels/inline.h"

#ifdef __cplusplus
extern "C" {
#endif

KERNEL_INLINE double stable_sigmoid(double x)
{
    const double e = exp(-fabs(x));
    return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

// sp(x) = log(1 + exp(x)).
KERNEL_INLINE double stable_softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

// Both sides of the cross entropy of one logit, from one exp and one log1p.
typedef struct stable_logit {
    double sigmoid;           // s
    double complement;        // 1 - s, not by subtraction
    double softplus;          // sp(z)  = -log(1 - s)
    double softplus_of_minus; // sp(-z) = -log s
} stable_logit;

KERNEL_INLINE stable_logit stable_expand(double z)
{
    const double e = exp(-fabs(z));
    const double larger = 1.0 / (1.0 + e);
    const double smaller = e / (1.0 + e);
    const double tail = log1p(e);
    stable_logit out;
    out.sigmoid = z >= 0.0 ? larger : smaller;
    out.complement = z >= 0.0 ? smaller : larger;
    out.softplus = fmax(z, 0.0) + tail;
    out.softplus_of_minus = fmax(-z, 0.0) + tail;
    return out;
}

#ifdef __cplusplus
}
#endif
#endif
