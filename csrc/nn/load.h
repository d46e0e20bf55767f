// Weights from a checkpoint file into a network, by name.
#ifndef NN_LOAD_H
#define NN_LOAD_H

#include "nn/detector.h"

#include <string>
#include <vector>

namespace sslact
{

// The checkpoint that a file named `latest` names, in its own folder; other paths as they are.
std::string follow_latest(const std::string &path);

struct LoadReport {
    std::string path;                    // of the file that was read
    std::vector<std::string> matched;    // loaded
    std::vector<std::string> missing;    // the network has it, the file does not
    std::vector<std::string> mismatched; // in both with different shapes, not loaded
    std::vector<std::string> unknown;    // the file has it under the prefix, the network does not
};

// Fills the arrays of `detector` whose name, behind `prefix` ("", "student.", ...), is in the
// file, converting between float types. A file named `latest` holds the name of a checkpoint in
// its own folder and is followed.
//
// Throws and changes nothing: MISMATCH when strict_backbone and not every backbone array matches
// (counters of batches excepted), or when nothing matches at all; the statuses of
// weights_file_open; FORMAT for a damaged array.
LoadReport load_weights(Detector &detector, const std::string &path, const std::string &prefix,
                        bool strict_backbone);

} // namespace sslact

#endif
