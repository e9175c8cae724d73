#include "elf.hpp"

#include <cstring>
#include <elf.h>
#include <optional>

namespace check {
namespace {
using namespace std::string_literals;

class Image {
public:
    explicit Image(const std::string &b) : bytes_(b) {}
    template <typename T> std::optional<T> at(uint64_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T out;
        std::memcpy(&out, bytes_.data() + offset, sizeof out);
        return out;
    }
    std::string text(uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        return std::string(bytes_.c_str() + offset, strnlen(bytes_.c_str() + offset, bytes_.size() - offset));
    }
    std::string slice(uint64_t offset, uint64_t size) const {
        return offset <= bytes_.size() && size <= bytes_.size() - offset ? bytes_.substr(offset, size) : std::string();
    }

private:
    const std::string &bytes_;
};

void read_notes(const Image &image, uint64_t offset, uint64_t size, ElfFacts &out) {
    const uint64_t end = offset + size;
    while (offset + sizeof(Elf64_Nhdr) <= end) {
        const auto n = image.at<Elf64_Nhdr>(offset);
        if (!n) return;
        const uint64_t name = offset + sizeof *n, desc = name + (uint64_t{n->n_namesz} + 3) / 4 * 4;
        if (image.slice(name, n->n_namesz) == "RIG\0"s && n->n_type == 1) {
            const std::string text = image.slice(desc, n->n_descsz);
            out.note = text.substr(0, text.find('\0'));
        }
        offset = desc + (uint64_t{n->n_descsz} + 3) / 4 * 4;
    }
}

void read_dynamic(const Image &image, const Elf64_Shdr &section, uint64_t strings, ElfFacts &out) {
    for (uint64_t o = section.sh_offset; o < section.sh_offset + section.sh_size; o += sizeof(Elf64_Dyn)) {
        const auto d = image.at<Elf64_Dyn>(o);
        if (!d || d->d_tag == DT_NULL) return;
        const uint64_t v = d->d_un.d_val;
        if (d->d_tag == DT_NEEDED) out.needed.push_back(image.text(strings + v));
        if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && v & DF_TEXTREL)) out.text_relocations = true;
        if (d->d_tag == DT_FLAGS && v & DF_STATIC_TLS) out.static_tls = true;
        if ((d->d_tag == DT_FLAGS && v & DF_BIND_NOW) || (d->d_tag == DT_FLAGS_1 && v & DF_1_NOW) ||
            d->d_tag == DT_BIND_NOW)
            out.bind_now = true;
        if (d->d_tag == DT_FLAGS_1 && v & DF_1_NODELETE) out.no_delete = true;
    }
}

void read_symbols(const Image &image, const Elf64_Shdr &section, uint64_t strings, ElfFacts &out) {
    for (uint64_t o = section.sh_offset; o + sizeof(Elf64_Sym) <= section.sh_offset + section.sh_size;
         o += sizeof(Elf64_Sym)) {
        const auto s = image.at<Elf64_Sym>(o);
        if (!s) return;
        const auto bind = ELF64_ST_BIND(s->st_info);
        const auto seen = ELF64_ST_VISIBILITY(s->st_other);
        if (s->st_shndx == SHN_UNDEF || bind == STB_LOCAL || seen == STV_HIDDEN || seen == STV_INTERNAL) continue;
        out.exports.push_back(image.text(strings + s->st_name));
    }
}

} // namespace

bool read_elf(const std::string &bytes, ElfFacts &out, std::string &why) {
    const Image image(bytes);
    const auto h = image.at<Elf64_Ehdr>(0);
    if (!h || std::memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) return why = "it is not an ELF file", false;
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
        return why = "it is not a 64-bit little-endian ELF file", false;
    if (h->e_shoff == 0 || h->e_shentsize != sizeof(Elf64_Shdr))
        return why = "it has no section headers; strip it with strip, not with sstrip", false;
    out.machine = h->e_machine;
    out.shared_object = h->e_type == ET_DYN;
    for (uint64_t i = 0; i < h->e_phnum; ++i) {
        const auto p = image.at<Elf64_Phdr>(h->e_phoff + i * sizeof(Elf64_Phdr));
        if (!p) return why = "its program headers lie outside the file", false;
        if (p->p_type == PT_GNU_STACK) out.executable_stack = (p->p_flags & PF_X) != 0;
    }
    for (uint64_t i = 0; i < h->e_shnum; ++i) {
        const auto s = image.at<Elf64_Shdr>(h->e_shoff + i * sizeof(Elf64_Shdr));
        if (!s) return why = "its section headers lie outside the file", false;
        if (s->sh_type == SHT_NOTE || s->sh_type == SHT_PROGBITS) {
            const auto names = image.at<Elf64_Shdr>(h->e_shoff + uint64_t{h->e_shstrndx} * sizeof(Elf64_Shdr));
            if (names && image.text(names->sh_offset + s->sh_name) == ".note.rig.plugin")
                read_notes(image, s->sh_offset, s->sh_size, out);
        }
        if (s->sh_type != SHT_DYNAMIC && s->sh_type != SHT_DYNSYM) continue;
        const auto strings = image.at<Elf64_Shdr>(h->e_shoff + uint64_t{s->sh_link} * sizeof(Elf64_Shdr));
        if (!strings) return why = "its section headers lie outside the file", false;
        if (s->sh_type == SHT_DYNAMIC) read_dynamic(image, *s, strings->sh_offset, out);
        if (s->sh_type == SHT_DYNSYM) read_symbols(image, *s, strings->sh_offset, out);
    }
    return true;
}

} // namespace check
