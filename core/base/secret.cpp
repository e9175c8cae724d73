#include "base/secret.hpp"

#include <algorithm>
#include <ostream>
#include <string.h>
#include <utility>

namespace rigger {

void wipe_memory(void *data, size_t size) noexcept {
    if (size != 0) explicit_bzero(data, size);
}

Secret::Secret(std::string_view value) : bytes_(value.empty() ? nullptr : new char[value.size()]), size_(value.size()) {
    std::copy(value.begin(), value.end(), bytes_.get());
}

Secret::Secret(const Secret &other) : Secret(other.reveal()) {}

Secret::Secret(Secret &&other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret &Secret::operator=(const Secret &other) {
    if (this != &other) *this = Secret(other);
    return *this;
}

Secret &Secret::operator=(Secret &&other) noexcept {
    if (this == &other) return *this;
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept { wipe_memory(bytes_.get(), size_); }

bool Secret::equals(std::string_view value) const noexcept {
    if (value.size() != size_) return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < size_; ++i) difference = static_cast<unsigned char>(difference | (bytes_[i] ^ value[i]));
    return difference == 0;
}

std::ostream &operator<<(std::ostream &out, const Secret &) { return out << "***"; }

} // namespace rigger
