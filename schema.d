schema.o: server/store/schema.h
