// SHA-256 (FIPS 180-4) of a text, as 64 hex digits; for comparing lists with published digests.
#ifndef TESTS_SUPPORT_SHA256_H
#define TESTS_SUPPORT_SHA256_H

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace test
{

// The first 32 bits behind the point of the `root`-th root of prime number `index`.
inline uint32_t take_root_bits(int index, bool cube)
{
    int prime = 2;
    for (int found = 0;; prime++) {
        bool is_prime = true;
        for (int i = 2; i * i <= prime; i++) {
            is_prime = is_prime && prime % i != 0;
        }
        if (is_prime && found++ == index) {
            break;
        }
    }
    long double root = cube ? cbrtl(prime) : sqrtl(prime);
    return static_cast<uint32_t>((root - floorl(root)) * 4294967296.0L);
}

inline void hash_block(const unsigned char *block, std::array<uint32_t, 8> &state)
{
    uint32_t w[64];
    for (int i = 0; i < 64; i++) {
        if (i < 16) {
            w[i] = static_cast<uint32_t>(block[4 * i]) << 24 | block[4 * i + 1] << 16 |
                   block[4 * i + 2] << 8 | block[4 * i + 3];
        } else {
            uint32_t a = w[i - 15], b = w[i - 2];
            w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
                   (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
        }
    }
    std::array<uint32_t, 8> s = state;
    for (int i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t first = s[7] + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                         ((e & s[5]) ^ (~e & s[6])) + take_root_bits(i, true) + w[i];
        uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                          ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
    }
    for (size_t i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

inline std::string sha256(std::string text)
{
    uint64_t bits = text.size() * 8;
    std::array<uint32_t, 8> state;
    for (int i = 0; i < 8; i++) {
        state[static_cast<size_t>(i)] = take_root_bits(i, false);
    }
    text += static_cast<char>(0x80);
    text.append((120 - text.size() % 64) % 64, '\0');
    for (int i = 7; i >= 0; i--) {
        text += static_cast<char>(bits >> (8 * i));
    }
    for (size_t i = 0; i < text.size(); i += 64) {
        hash_block(reinterpret_cast<const unsigned char *>(text.data()) + i, state);
    }
    std::string digits;
    for (uint32_t word : state) {
        char buffer[9];
        snprintf(buffer, sizeof(buffer), "%08x", word);
        digits += buffer;
    }
    return digits;
}

} // namespace test

#endif
