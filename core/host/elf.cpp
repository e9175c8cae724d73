#include "host/elf.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace rigger::host {
namespace {
using namespace std::string_view_literals;

constexpr uint64_t max_symbols = 4'000'000;
constexpr size_t max_names = 1024; ///< of needed libraries and exports that are listed

/// Reads fixed-size records out of the image; every access is checked against its end. What the dynamic linker uses is
/// what counts here: program headers and the dynamic section, never section headers, which may say anything.
class Image {
public:
    explicit Image(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <typename T> std::optional<T> at(uint64_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T out;
        std::memcpy(&out, bytes_.data() + offset, sizeof out);
        return out;
    }
    bool holds(uint64_t offset, uint64_t size) const {
        return offset <= bytes_.size() && bytes_.size() - offset >= size;
    }
    std::string_view text(uint64_t offset, uint64_t size) const {
        return {reinterpret_cast<const char *>(bytes_.data()) + offset, size};
    }
    /// A NUL-terminated string that ends before `limit`.
    std::optional<std::string> string(uint64_t offset, uint64_t limit) const {
        limit = std::min<uint64_t>(limit, bytes_.size());
        if (offset >= limit) return std::nullopt;
        const auto *begin = bytes_.data() + offset, *end = bytes_.data() + limit;
        const auto *nul = std::find(begin, end, std::byte{0});
        if (nul == end || nul - begin > 4096) return std::nullopt;
        return std::string(reinterpret_cast<const char *>(begin), static_cast<size_t>(nul - begin));
    }

private:
    std::span<const std::byte> bytes_;
};

struct Dynamic {
    std::optional<uint64_t> symtab, strtab, strsz, gnu_hash, hash, soname;
    std::vector<uint64_t> needed;
    bool textrel = false;
    uint64_t flags = 0;
};

class Parser {
public:
    explicit Parser(std::span<const std::byte> bytes) : image_(bytes) {}

    Result<ElfFacts> run() {
        RIG_TRY(header());
        RIG_TRY(segments());
        RIG_TRY(dynamic());
        RIG_TRY(symbols());
        return std::move(facts_);
    }

private:
    static Error corrupt(std::string_view what) {
        return invalid("ElfCorrupt", "the ELF file is damaged: " + std::string(what));
    }

    Status header() {
        const auto h = image_.at<Elf64_Ehdr>(0);
        if (!h || std::memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
            return invalid("NotElf", "the file is not an ELF library");
        if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
            return invalid("ElfUnsupported", "the file is not a 64-bit little-endian ELF library");
        if (h->e_type != ET_DYN) return invalid("NotSharedObject", "the file is an ELF file, but not a shared library");
        facts_.arch = h->e_machine == EM_X86_64    ? "x86_64"
                      : h->e_machine == EM_AARCH64 ? "aarch64"
                                                   : "machine-" + std::to_string(h->e_machine);
        if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > 512)
            return corrupt("its program header table has an impossible size");
        for (uint64_t i = 0; i < h->e_phnum; ++i) {
            const auto p = image_.at<Elf64_Phdr>(h->e_phoff + i * sizeof(Elf64_Phdr));
            if (!p || h->e_phoff > UINT64_MAX / 2) return corrupt("a program header lies outside the file");
            headers_.push_back(*p);
        }
        return {};
    }

    Status segments() {
        bool stack_seen = false;
        for (const Elf64_Phdr &p : headers_) {
            if (p.p_type == PT_GNU_STACK) {
                stack_seen = true;
                facts_.executable_stack = (p.p_flags & PF_X) != 0;
            } else if (p.p_type == PT_NOTE) {
                notes(p);
            } else if (p.p_type == PT_LOAD && !image_.holds(p.p_offset, p.p_filesz)) {
                return corrupt("a segment lies outside the file");
            }
        }
        if (!stack_seen) facts_.executable_stack = true; // the loader's default
        return {};
    }

    void notes(const Elf64_Phdr &p) {
        if (!image_.holds(p.p_offset, p.p_filesz)) return;
        const uint64_t align = p.p_align == 8 ? 8 : 4, end = p.p_offset + p.p_filesz;
        const auto up = [&](uint64_t n) { return (n + align - 1) / align * align; };
        for (uint64_t at = p.p_offset; at + sizeof(Elf64_Nhdr) <= end;) {
            const auto n = image_.at<Elf64_Nhdr>(at);
            const uint64_t name = at + sizeof(Elf64_Nhdr), desc = name + up(n->n_namesz);
            if (desc > end || end - desc < n->n_descsz) return;
            note(image_.text(name, n->n_namesz), image_.text(desc, n->n_descsz), n->n_type);
            at = desc + up(n->n_descsz);
        }
    }

    void note(std::string_view name, std::string_view desc, uint32_t type) {
        if (name == "RIG\0"sv && type == 1 && !facts_.has_note) {
            desc = desc.substr(0, desc.find('\0'));
            const size_t line = desc.find('\n');
            if (line == std::string_view::npos) return;
            facts_.has_note = true;
            facts_.note_id = desc.substr(0, line);
            facts_.note_version = desc.substr(line + 1);
        } else if (name == "GNU\0"sv && type == NT_GNU_BUILD_ID && desc.size() <= 64) {
            constexpr char digits[] = "0123456789abcdef";
            facts_.build_id.clear();
            for (const char c : desc) {
                facts_.build_id += digits[static_cast<unsigned char>(c) >> 4];
                facts_.build_id += digits[static_cast<unsigned char>(c) & 15];
            }
        }
    }

    /// The file offset of a virtual address, and where its segment's bytes end.
    std::optional<std::pair<uint64_t, uint64_t>> offset_of(uint64_t address) const {
        for (const Elf64_Phdr &p : headers_)
            if (p.p_type == PT_LOAD && address >= p.p_vaddr && address - p.p_vaddr < p.p_filesz)
                return std::pair(p.p_offset + (address - p.p_vaddr), p.p_offset + p.p_filesz);
        return std::nullopt;
    }

    Status dynamic() {
        const auto at =
            std::find_if(headers_.begin(), headers_.end(), [](const Elf64_Phdr &p) { return p.p_type == PT_DYNAMIC; });
        if (at == headers_.end()) return corrupt("it has no dynamic section");
        bool ended = false;
        for (uint64_t i = 0; i < at->p_filesz / sizeof(Elf64_Dyn) && !ended; ++i) {
            const auto d = image_.at<Elf64_Dyn>(at->p_offset + i * sizeof(Elf64_Dyn));
            if (!d) return corrupt("its dynamic section lies outside the file");
            ended = d->d_tag == DT_NULL;
            entry(*d);
        }
        if (!ended) return corrupt("its dynamic section has no end");
        if (!dyn_.symtab || !dyn_.strtab || !dyn_.strsz) return corrupt("it has no dynamic symbol table");
        const auto strings = offset_of(*dyn_.strtab);
        if (!strings) return corrupt("its string table lies outside the file");
        strings_ = strings->first;
        if (*dyn_.strsz > strings->second - strings->first) return corrupt("its string table is cut off");
        strings_end_ = strings_ + *dyn_.strsz;
        for (const uint64_t n : dyn_.needed) {
            const auto name = image_.string(strings_ + std::min(n, *dyn_.strsz), strings_end_);
            if (!name) return corrupt("the name of a needed library lies outside its string table");
            facts_.needed.push_back(*name);
        }
        if (dyn_.soname)
            facts_.soname = image_.string(strings_ + std::min(*dyn_.soname, *dyn_.strsz), strings_end_).value_or("");
        facts_.text_relocations = dyn_.textrel || (dyn_.flags & DF_TEXTREL) != 0;
        facts_.static_tls = (dyn_.flags & DF_STATIC_TLS) != 0;
        return {};
    }

    void entry(const Elf64_Dyn &d) {
        switch (d.d_tag) {
        case DT_SYMTAB: dyn_.symtab = d.d_un.d_ptr; break;
        case DT_STRTAB: dyn_.strtab = d.d_un.d_ptr; break;
        case DT_STRSZ: dyn_.strsz = d.d_un.d_val; break;
        case DT_GNU_HASH: dyn_.gnu_hash = d.d_un.d_ptr; break;
        case DT_HASH: dyn_.hash = d.d_un.d_ptr; break;
        case DT_SONAME: dyn_.soname = d.d_un.d_val; break;
        case DT_TEXTREL: dyn_.textrel = true; break;
        case DT_FLAGS: dyn_.flags = d.d_un.d_val; break;
        case DT_NEEDED:
            if (dyn_.needed.size() < max_names) dyn_.needed.push_back(d.d_un.d_val);
            break;
        default: break;
        }
    }

    /// The dynamic symbol table has no length of its own: the hash table tells.
    Result<uint64_t> symbol_count() const {
        if (dyn_.hash) {
            const auto at = offset_of(*dyn_.hash);
            const auto chains = at ? image_.at<uint32_t>(at->first + 4) : std::nullopt;
            if (!chains) return corrupt("its hash table lies outside the file");
            return uint64_t{*chains};
        }
        if (!dyn_.gnu_hash) return uint64_t{0};
        const auto at = offset_of(*dyn_.gnu_hash);
        const auto buckets = at ? image_.at<uint32_t>(at->first) : std::nullopt;
        const auto first = at ? image_.at<uint32_t>(at->first + 4) : std::nullopt;
        const auto bloom = at ? image_.at<uint32_t>(at->first + 8) : std::nullopt;
        if (!buckets || !first || !bloom) return corrupt("its hash table lies outside the file");
        const uint64_t bucket_at = at->first + 16 + uint64_t{*bloom} * 8, chain_at = bucket_at + uint64_t{*buckets} * 4;
        if (!image_.holds(bucket_at, uint64_t{*buckets} * 4)) return corrupt("its hash table lies outside the file");
        uint64_t last = 0;
        for (uint64_t i = 0; i < *buckets; ++i)
            last = std::max<uint64_t>(last, *image_.at<uint32_t>(bucket_at + i * 4));
        if (last < *first) return uint64_t{*first};
        while (true) {
            const auto chain = image_.at<uint32_t>(chain_at + (last - *first) * 4);
            if (!chain) return corrupt("its hash table lies outside the file");
            ++last;
            if ((*chain & 1) != 0) return last;
        }
    }

    Status symbols() {
        RIG_TRY_ASSIGN(const uint64_t count, symbol_count());
        const auto at = offset_of(*dyn_.symtab);
        if (!at && count > 0) return corrupt("its symbol table lies outside the file");
        if (count > max_symbols) return corrupt("its symbol table has an impossible size");
        for (uint64_t i = 1; i < count; ++i) {
            const auto s = image_.at<Elf64_Sym>(at->first + i * sizeof(Elf64_Sym));
            if (!s) return corrupt("its symbol table is cut off");
            const unsigned bind = ELF64_ST_BIND(s->st_info), visibility = ELF64_ST_VISIBILITY(s->st_other);
            const bool exported = s->st_shndx != SHN_UNDEF &&
                                  (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
                                  (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
            if (!exported) continue;
            const auto name = image_.string(strings_ + s->st_name, strings_end_);
            if (!name) return corrupt("the name of a symbol lies outside its string table");
            if (facts_.exports.size() < max_names) facts_.exports.push_back(*name);
        }
        std::sort(facts_.exports.begin(), facts_.exports.end());
        return {};
    }

    Image image_;
    ElfFacts facts_;
    std::vector<Elf64_Phdr> headers_;
    Dynamic dyn_;
    uint64_t strings_ = 0, strings_end_ = 0;
};

} // namespace

Result<ElfFacts> read_elf(std::span<const std::byte> image) { return Parser(image).run(); }

Result<ElfFacts> read_elf(const std::filesystem::path &file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return Error{Code::unavailable, "FileUnreadable", "cannot open " + file.string() + ": " + std::strerror(errno),
                     0};
    struct stat st {};
    const bool regular =
        ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= (off_t{512} << 20);
    const size_t size = regular ? static_cast<size_t>(st.st_size) : 0;
    void *map = regular ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    ::close(fd);
    if (map == MAP_FAILED) return invalid("NotElf", file.string() + " is not an ELF library");
    auto facts = read_elf(std::span(static_cast<const std::byte *>(map), size));
    ::munmap(map, size);
    if (!facts.ok()) return facts.error().within(file.string());
    return facts;
}

} // namespace rigger::host
