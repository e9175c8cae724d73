// core/daemon/config/rules.hpp -- short names to declare keys with.
#pragma once
#include "daemon/config/keys.hpp"

namespace rigger::config {

/// The member of Config that a key stands for.
#define RIG_SLOT(member) [](Config &c, [[maybe_unused]] size_t i) -> Slot { return &c.member; }

constexpr double kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
constexpr double ms = 1e6, second = 1e9, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

constexpr Rule flag_rule{Type::flag};
constexpr Rule integer_rule(double min, double max) { return {Type::integer, min, max}; }
constexpr Rule number_rule(double min, double max) { return {Type::number, min, max}; }
constexpr Rule duration_rule(double min, double max) { return {Type::duration, min, max}; }
constexpr Rule size_rule(double min, double max) { return {Type::size, min, max}; }
constexpr Rule choice_rule(std::string_view choices) { return {Type::choice, 0, 0, choices}; }
constexpr Rule text_rule(double min, double max, std::string (*check)(std::string_view) = nullptr) {
    return {Type::text, min, max, "", check};
}
constexpr Rule texts_rule(std::string (*check)(std::string_view) = nullptr) {
    return {Type::texts, 1, 1000, "", check};
}
constexpr Rule path_rule(bool required = true) { return {Type::path, required ? 1.0 : 0.0, 4000}; }

constexpr Effect restart = Effect::restart, reload = Effect::reload;

std::span<const Key> base_keys();
std::span<const Key> control_keys();

} // namespace rigger::config
