// The qualifier of every function that a C kernel and its CUDA twin share: such a function sits in
// a header, and is plain C that is also CUDA C++.
#ifndef KERNELS_INLINE_H
#define KERNELS_INLINE_H

#ifdef __CUDACC__
#define KERNEL_INLINE static __host__ __device__ inline
#else
#define KERNEL_INLINE static inline
#endif

#endif
