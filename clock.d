clock.o: server/base/clock.h
