id.o: server/base/id.h
