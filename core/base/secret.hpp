// core/base/secret.hpp -- a text that must not leak: wiped when it goes, and never printed by accident.
#pragma once
#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace rigger {

/// Owns its bytes on the heap (a move leaves no copy behind) and overwrites them before it gives them back.
/// Prints as "***". The value is read with reveal() alone, so every place that uses it can be found. Not thread-safe.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view value);
    Secret(const Secret &other);
    Secret(Secret &&other) noexcept;
    Secret &operator=(const Secret &other);
    Secret &operator=(Secret &&other) noexcept;
    ~Secret();

    /// Valid until this Secret is assigned, moved from or destroyed.
    std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }
    bool empty() const noexcept { return size_ == 0; }
    /// Takes the same time whichever byte differs; only the length may be learnt.
    friend bool operator==(const Secret &a, const Secret &b) noexcept { return a.equals(b.reveal()); }
    bool equals(std::string_view value) const noexcept;

private:
    void wipe() noexcept;
    std::unique_ptr<char[]> bytes_;
    size_t size_ = 0;
};

std::ostream &operator<<(std::ostream &out, const Secret &secret);

/// Overwrites memory in a way that the compiler does not remove.
void wipe_memory(void *data, size_t size) noexcept;

} // namespace rigger
