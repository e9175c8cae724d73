// A fuzz target without libFuzzer, so that every test run with any compiler has a short one: each seed, then variations
// of it, the same ones in every run. Usage: TARGET SEEDS-FOLDER [VARIATIONS-PER-SEED]. The input that ends the process
// is left in crash-input, in the working directory.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {
using Random = std::mt19937;

constexpr size_t kVariations = 1000;

std::string current; // what the target is working on; read by the signal handler

void keep_input(int signal) { // only what may be called in a signal handler
    const int file = ::open("crash-input", O_CREAT | O_TRUNC | O_WRONLY, 0644);
    if (file >= 0 && ::write(file, current.data(), current.size()) >= 0) ::close(file);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

void run(std::string input) {
    current = std::move(input);
    // An exact copy on the heap: a sanitizer sees every read past its end.
    const std::vector<uint8_t> bytes(current.begin(), current.end());
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

size_t below(Random &random, size_t bound) { return bound == 0 ? 0 : random() % bound; }

std::string vary(std::string text, const std::string &other, Random &random) {
    static constexpr std::string_view kWords[] = {
        "{",    "}",       "[",     "]",     "\"",  ":",  ",",
        "\n",   "-",       "null",  "1e999", "NaN", "-1", "18446744073709551616",
        "\xff", "\\u0000", "&a *a", "%00"};
    for (size_t edits = 1 + below(random, 4); edits > 0; --edits) {
        const size_t at = below(random, text.size() + 1);
        const size_t length = below(random, 1 + std::min<size_t>(64, text.size() - at));
        switch (below(random, 6)) {
        case 0: text.resize(at); break;
        case 1: text.erase(at, length); break;
        case 2: text.insert(at, text.substr(at, length)); break;
        case 3: text.insert(at, kWords[below(random, std::size(kWords))]); break;
        case 4: text.replace(at, length, other, below(random, other.size() + 1), 64); break;
        default:
            if (at < text.size()) text[at] = static_cast<char>(random());
        }
    }
    return text;
}

std::vector<std::string> read_all(const std::filesystem::path &folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end()); // the same order, hence the same variations, everywhere
    std::vector<std::string> texts;
    for (const auto &path : paths) {
        std::ifstream file(path, std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return texts;
}
} // namespace

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) return std::cerr << "usage: " << argv[0] << " SEEDS-FOLDER [VARIATIONS-PER-SEED]\n", 2;
    const size_t variations = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : kVariations;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM}) ::signal(signal, keep_input);
    const std::vector<std::string> seeds = read_all(argv[1]);
    if (seeds.empty()) return std::cerr << argv[1] << " holds no seed\n", 1;
    run("");
    for (const std::string &seed : seeds) run(seed);
    Random random(1);
    for (size_t round = 0; round < variations; ++round)
        for (const std::string &seed : seeds) run(vary(seed, seeds[below(random, seeds.size())], random));
    std::cout << seeds.size() << " seeds, " << seeds.size() * variations << " variations\n";
    return 0;
}
