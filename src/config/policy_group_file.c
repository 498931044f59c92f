#include "config/policy_group_file.h"

#include "base/text.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INCLUDE_DEPTH_MAX = 10, WORD_SIZE = 256, WORDS_MAX = 5, PATH_SIZE = 4096, SHOWN_SIZE = 80 };

struct reading {
    const struct file_reader *reader;
    const struct warning_sink *warnings;
    struct policy_group *group;
    unsigned depth;
    const char *path;
    unsigned line;
};

struct word {
    char text[WORD_SIZE];
    unsigned column;
};

static void complain(const struct reading *reading, const struct word *word, const char *what,
                     const char *expected)
{
    char shown[SHOWN_SIZE];
    struct text text = text_of(shown, sizeof(shown));
    text_add_escaped(&text, bytes_of_text(word->text));
    warning_send(reading->warnings, "%s:%u:%u: found %s \"%s\"; expected %s; the line is left out",
                 reading->path, reading->line, word->column, what, shown, expected);
}

static size_t split(const char *line, size_t size, struct word *words)
{
    size_t count = 0;
    for (size_t at = 0; at < size && count < WORDS_MAX;) {
        size_t start = at += strspn(line + at, " \t\r");
        while (at < size && strchr(" \t\r#", line[at]) == NULL)
            at++;
        if (at == start)
            break;
        snprintf(words[count].text, WORD_SIZE, "%.*s", (int)(at - start), line + start);
        words[count++].column = (unsigned)start + 1;
    }
    return count;
}

static bool add_entry(struct reading *reading, const struct policy_group_entry *entry)
{
    struct policy_group *group = reading->group;
    bool is_full = (group->entry_count & (group->entry_count - 1)) == 0; /* room is doubled */
    if (is_full) {
        size_t room = group->entry_count ? group->entry_count * 2 : 1;
        struct policy_group_entry *grown = realloc(group->entries, room * sizeof(*grown));
        if (grown == NULL)
            return false;
        group->entries = grown;
    }
    group->entries[group->entry_count++] = *entry;
    return true;
}

static bool read_port(const struct reading *reading, const struct word *word, uint16_t *out)
{
    char *end;
    unsigned long port = strtoul(word->text, &end, 10);
    if (strcasecmp(word->text, "%any") == 0)
        port = 0;
    else if (*end != '\0' || port > UINT16_MAX) {
        complain(reading, word, "port", "a number up to 65535, 0 for any");
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

static void read_entry(struct reading *reading, const struct word *words, size_t count)
{
    struct policy_group_entry entry = {0};
    struct selector network;
    struct error error = {0};
    bool has_protoport;
    if (!value_subnet(words[0].text, &network, &has_protoport, &error) || has_protoport ||
        !range_is_prefix(&network.range, &entry.network)) {
        complain(reading, &words[0], "network", "ADDRESS/LENGTH");
        return;
    }
    if (count != 1 && count != 4) {
        complain(reading, &words[count - 1], "the last word",
                 "CIDR alone, or CIDR PROTOCOL LOCALPORT REMOTEPORT");
        return;
    }
    uint16_t unused;
    if (count == 4 && (!value_protoport(words[1].text, &entry.protocol, &unused, NULL) || unused != 0)) {
        complain(reading, &words[1], "protocol", "tcp, udp, icmp ... or a number up to 255");
        return;
    }
    if (count == 4 && (!read_port(reading, &words[2], &entry.local_port) ||
                       !read_port(reading, &words[3], &entry.remote_port)))
        return;
    add_entry(reading, &entry);
}

static void read_file(struct reading *reading, const char *path);

static void include(struct reading *reading, const struct word *word)
{
    char **paths = NULL;
    size_t count = 0;
    char *pattern = file_reader_resolve(reading->path, word->text);
    struct error error = {0};
    bool ok = pattern != NULL && reading->depth < INCLUDE_DEPTH_MAX &&
              reading->reader->glob(reading->reader->context, pattern, &paths, &count, &error);
    if (!ok || count == 0)
        complain(reading, word, reading->depth < INCLUDE_DEPTH_MAX ? "include" : "include too deep",
                 "a file that exists");
    for (size_t i = 0; ok && i < count; i++) {
        struct reading inner = *reading;
        inner.depth++;
        read_file(&inner, paths[i]);
    }
    file_reader_free_paths(paths, count);
    free(pattern);
}

static void read_line(struct reading *reading, const char *line, size_t size)
{
    struct word words[WORDS_MAX];
    size_t count = split(line, size, words);
    if (count == 0)
        return;
    if (strcasecmp(words[0].text, "include") == 0 && count == 2)
        include(reading, &words[1]);
    else
        read_entry(reading, words, count);
}

static void read_file(struct reading *reading, const char *path)
{
    struct error error = {0};
    size_t size;
    char *text = reading->reader->read(reading->reader->context, path, &size, &error);
    if (text == NULL) {
        warning_send(reading->warnings, "%s", error.text);
        return;
    }
    reading->path = path;
    reading->line = 0;
    for (char *line = text; line < text + size;) {
        size_t length = strcspn(line, "\n");
        line[length] = '\0';
        reading->line++;
        read_line(reading, line, length);
        line += length + 1;
    }
    free(text);
}

/* What editors and package managers leave behind is no group. */
static bool is_group_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && name[0] != '.' && name[0] != '#' && name[length - 1] != '~' &&
           strstr(name, ".rpm") == NULL && strstr(name, ".dpkg-") == NULL;
}

static bool read_group(struct policy_groups *groups, const struct file_reader *reader, const char *path,
                       const struct warning_sink *warnings)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!is_group_name(name))
        return true;
    struct policy_group *grown = realloc(groups->groups, (groups->group_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    groups->groups = grown;
    struct policy_group *group = &grown[groups->group_count];
    *group = (struct policy_group){.name = strdup(name)};
    if (group->name == NULL)
        return false;
    groups->group_count++;
    struct reading reading = {.reader = reader, .warnings = warnings, .group = group};
    read_file(&reading, path);
    return true;
}

struct policy_groups *policy_groups_read(const struct file_reader *reader, const char *directory,
                                         const struct warning_sink *warnings)
{
    struct policy_groups *groups = calloc(1, sizeof(*groups));
    char pattern[PATH_SIZE], **paths = NULL;
    size_t count = 0;
    bool ok = groups != NULL && (groups->directory = strdup(directory)) != NULL;
    snprintf(pattern, sizeof(pattern), "%s/*", directory);
    if (ok && !reader->glob(reader->context, pattern, &paths, &count, NULL))
        count = 0;
    for (size_t i = 0; ok && i < count; i++)
        ok = read_group(groups, reader, paths[i], warnings);
    file_reader_free_paths(paths, count);
    if (!ok) {
        policy_groups_free(groups);
        groups = NULL;
    }
    return groups;
}
