#include "quiz/quiz.h"

#include <errno.h>

int quiz_open(struct quiz *z, const char *learner, const char *host, const char *journal,
	      struct err *e)
{
	int r = bank_load(NULL, &z->bank, e);
	if (r == 0)
		r = course_open(&z->course, learner, host, e);
	if (r < 0)
		return r;
	if (journal)
		r = facts_load(z->course.facts, journal, e);
	else if (course_connect(&z->course, e) < 0 || course_refresh(&z->course, e) < 0)
		r = -ENOTCONN;
	record_read(&z->bank, z->course.facts, &z->record);
	return r;
}

void quiz_close(struct quiz *z)
{
	record_free(&z->record);
	if (z->course.facts)
		course_close(&z->course);
	bank_free(&z->bank);
}
