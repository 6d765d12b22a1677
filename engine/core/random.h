/* random.h - names that nobody can guess or meet twice. */
#ifndef DRYDOCK_CORE_RANDOM_H
#define DRYDOCK_CORE_RANDOM_H

/* 256 bits as lowercase hex: Docker's form of an id. */
void random_id(char id[65]);

#endif
