// core/cli/language.hpp -- English and Chinese, side by side wherever a text is written.
#pragma once
#include <string>
#include <string_view>

namespace rigger::cli {

enum class Language : unsigned char { english, chinese };

/// One text in both languages; literals live for ever.
struct Text {
    std::string_view en, zh;
    std::string_view in(Language language) const noexcept {
        return language == Language::chinese && !zh.empty() ? zh : en;
    }
};

/// "zh", "zh_CN.UTF-8", "zh-TW": Chinese; everything else: English.
inline Language language_of(std::string_view name) noexcept {
    return name.substr(0, 2) == "zh" && (name.size() == 2 || name[2] == '_' || name[2] == '-' || name[2] == '.')
               ? Language::chinese
               : Language::english;
}

} // namespace rigger::cli
