#include "domain/memory/words.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 16 /* bytes of the longest word here, and a NUL */

/* Each table is sorted. */
static const char *const nothing[] = {
	"a",     "about",  "again", "all",     "also",    "am",   "an",    "and",   "any",
	"are",   "aren",   "as",    "at",      "be",      "been", "being", "both",  "but",
	"by",    "can",    "could", "couldn",  "d",       "did",  "didn",  "do",    "does",
	"doesn", "doing",  "don",   "done",    "each",    "for",  "from",  "had",   "hadn",
	"has",   "hasn",   "have",  "haven",   "having",  "he",   "her",   "here",  "hers",
	"him",   "his",    "how",   "i",       "if",      "in",   "into",  "is",    "isn",
	"it",    "its",    "just",  "ll",      "m",       "may",  "me",    "might", "mine",
	"more",  "most",   "must",  "my",      "no",      "nor",  "not",   "of",    "off",
	"on",    "only",   "or",    "other",   "our",     "ours", "out",   "over",  "re",
	"s",     "shall",  "she",   "should",  "shouldn", "so",   "some",  "such",  "t",
	"than",  "that",   "the",   "their",   "theirs",  "them", "then",  "there", "these",
	"they",  "this",   "those", "through", "to",      "too",  "under", "up",    "us",
	"ve",    "very",   "was",   "wasn",    "we",      "were", "weren", "what",  "when",
	"where", "which",  "who",   "whom",    "whose",   "why",  "will",  "with",  "won",
	"would", "wouldn", "you",   "your",    "yours",
};

static const char *const little[] = {
	"after", "before", "between", "during", "get",  "got",   "kind", "like",
	"many",  "much",   "one",     "own",    "same", "since", "type", "while",
};

static const char *const times[] = {
	"ago",      "april",     "august",    "december", "february",  "friday",  "january",
	"july",     "june",      "march",     "monday",   "november",  "october", "recently",
	"saturday", "september", "since",     "sunday",   "thursday",  "today",   "tomorrow",
	"tonight",  "tuesday",   "wednesday", "weekend",  "yesterday",
};

static const char *const units[] = {
	"day",  "days", "fall",     "fri",    "mon",    "month", "months", "morning", "night",
	"past", "sat",  "spring",   "summer", "sun",    "thu",   "thurs",  "tue",     "tues",
	"wed",  "week", "weekends", "weeks",  "winter", "year",  "years",
};

static const char *const befores[] = {
	"couple", "few", "last", "next", "several", "this",
};

static const char *const months[] = {
	"january", "february", "march",     "april",   "may",      "june",
	"july",    "august",   "september", "october", "november", "december",
};

/* What has no ending that a stemmer could take off: verbs with their vowel changed, plurals. */
static const struct irregular {
	const char *form, *base;
} irregulars[] = {
	{ "analyses", "analysis" },
	{ "ate", "eat" },
	{ "became", "become" },
	{ "began", "begin" },
	{ "begun", "begin" },
	{ "bent", "bend" },
	{ "blew", "blow" },
	{ "blown", "blow" },
	{ "bought", "buy" },
	{ "bred", "breed" },
	{ "broke", "break" },
	{ "broken", "break" },
	{ "brought", "bring" },
	{ "built", "build" },
	{ "burnt", "burn" },
	{ "came", "come" },
	{ "caught", "catch" },
	{ "children", "child" },
	{ "chose", "choose" },
	{ "chosen", "choose" },
	{ "clung", "cling" },
	{ "crept", "creep" },
	{ "criteria", "criterion" },
	{ "dealt", "deal" },
	{ "drank", "drink" },
	{ "drawn", "draw" },
	{ "dreamt", "dream" },
	{ "drew", "draw" },
	{ "driven", "drive" },
	{ "drove", "drive" },
	{ "drunk", "drink" },
	{ "dug", "dig" },
	{ "eaten", "eat" },
	{ "fallen", "fall" },
	{ "fed", "feed" },
	{ "feet", "foot" },
	{ "fell", "fall" },
	{ "felt", "feel" },
	{ "fled", "flee" },
	{ "flew", "fly" },
	{ "flown", "fly" },
	{ "forgave", "forgive" },
	{ "forgiven", "forgive" },
	{ "forgot", "forget" },
	{ "forgotten", "forget" },
	{ "fought", "fight" },
	{ "found", "find" },
	{ "froze", "freeze" },
	{ "frozen", "freeze" },
	{ "gave", "give" },
	{ "geese", "goose" },
	{ "given", "give" },
	{ "gone", "go" },
	{ "got", "get" },
	{ "gotten", "get" },
	{ "grew", "grow" },
	{ "grown", "grow" },
	{ "heard", "hear" },
	{ "held", "hold" },
	{ "hid", "hide" },
	{ "hidden", "hide" },
	{ "hung", "hang" },
	{ "indices", "index" },
	{ "kept", "keep" },
	{ "knelt", "kneel" },
	{ "knew", "know" },
	{ "knives", "knife" },
	{ "known", "know" },
	{ "laid", "lay" },
	{ "learnt", "learn" },
	{ "led", "lead" },
	{ "left", "leave" },
	{ "lent", "lend" },
	{ "lit", "light" },
	{ "lost", "lose" },
	{ "made", "make" },
	{ "matrices", "matrix" },
	{ "meant", "mean" },
	{ "men", "man" },
	{ "met", "meet" },
	{ "mice", "mouse" },
	{ "misled", "mislead" },
	{ "outgrew", "outgrow" },
	{ "outgrown", "outgrow" },
	{ "overcame", "overcome" },
	{ "overridden", "override" },
	{ "overrode", "override" },
	{ "overwritten", "overwrite" },
	{ "overwrote", "overwrite" },
	{ "paid", "pay" },
	{ "people", "person" },
	{ "ran", "run" },
	{ "rang", "ring" },
	{ "rebuilt", "rebuild" },
	{ "reran", "rerun" },
	{ "rewritten", "rewrite" },
	{ "rewrote", "rewrite" },
	{ "ridden", "ride" },
	{ "risen", "rise" },
	{ "rode", "ride" },
	{ "rung", "ring" },
	{ "said", "say" },
	{ "sang", "sing" },
	{ "sank", "sink" },
	{ "sat", "sit" },
	{ "saw", "see" },
	{ "seen", "see" },
	{ "sent", "send" },
	{ "shaken", "shake" },
	{ "shelves", "shelf" },
	{ "shook", "shake" },
	{ "shot", "shoot" },
	{ "shown", "show" },
	{ "shrank", "shrink" },
	{ "shrunk", "shrink" },
	{ "slept", "sleep" },
	{ "slid", "slide" },
	{ "sold", "sell" },
	{ "sought", "seek" },
	{ "spent", "spend" },
	{ "spoke", "speak" },
	{ "spoken", "speak" },
	{ "spun", "spin" },
	{ "stole", "steal" },
	{ "stolen", "steal" },
	{ "stood", "stand" },
	{ "struck", "strike" },
	{ "stuck", "stick" },
	{ "sung", "sing" },
	{ "sunk", "sink" },
	{ "swam", "swim" },
	{ "swept", "sweep" },
	{ "swore", "swear" },
	{ "sworn", "swear" },
	{ "swum", "swim" },
	{ "swung", "swing" },
	{ "taken", "take" },
	{ "taught", "teach" },
	{ "teeth", "tooth" },
	{ "thought", "think" },
	{ "threw", "throw" },
	{ "thrown", "throw" },
	{ "told", "tell" },
	{ "took", "take" },
	{ "tore", "tear" },
	{ "torn", "tear" },
	{ "undergone", "undergo" },
	{ "understood", "understand" },
	{ "underwent", "undergo" },
	{ "undid", "undo" },
	{ "undone", "undo" },
	{ "vertices", "vertex" },
	{ "went", "go" },
	{ "wept", "weep" },
	{ "withdrawn", "withdraw" },
	{ "withdrew", "withdraw" },
	{ "wives", "wife" },
	{ "woke", "wake" },
	{ "woken", "wake" },
	{ "women", "woman" },
	{ "wore", "wear" },
	{ "worn", "wear" },
	{ "wove", "weave" },
	{ "woven", "weave" },
	{ "written", "write" },
	{ "wrote", "write" },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static int by_word(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static bool in(const char *const *table, size_t count, const char *word, size_t n)
{
	char key[WORD_MAX];

	if (n >= sizeof key)
		return false;
	memcpy(key, word, n);
	key[n] = '\0';
	return bsearch(key, table, count, sizeof *table, by_word) != NULL;
}

bool words_say_nothing(const char *word, size_t n)
{
	return in(nothing, COUNT(nothing), word, n);
}

bool words_say_little(const char *word, size_t n)
{
	return in(little, COUNT(little), word, n);
}

static int by_form(const void *key, const void *item)
{
	return strcmp(key, ((const struct irregular *)item)->form);
}

const char *words_base(const char *word, size_t n)
{
	const struct irregular *found;
	char key[WORD_MAX];

	if (n >= sizeof key)
		return NULL;
	memcpy(key, word, n);
	key[n] = '\0';
	found = bsearch(key, irregulars, COUNT(irregulars), sizeof *irregulars, by_form);
	return found == NULL ? NULL : found->base;
}

enum words_time words_time(const char *word, size_t n)
{
	if (in(times, COUNT(times), word, n))
		return WORDS_TIME;
	if (in(units, COUNT(units), word, n))
		return WORDS_UNIT;
	return in(befores, COUNT(befores), word, n) ? WORDS_BEFORE : WORDS_NO_TIME;
}

int words_month(const char *word, size_t n)
{
	for (size_t i = 0; i < COUNT(months); i++)
		if (strlen(months[i]) == n && memcmp(months[i], word, n) == 0)
			return (int)i + 1;
	return 0;
}
