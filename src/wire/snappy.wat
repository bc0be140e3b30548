;; Decodes the elements of a snappy block. See snappy.ts for the format, and snappy-memory.ts for who calls this.
;; scripts/build-wat.ts makes snappy-module.ts of it; a test proves that they belong together.
;;
;; Runs are copied 16 bytes at a time, over their end: up to 15 bytes behind what was written or read are touched, so
;; both the block and the output are followed by room for 16. Nothing else is: every length is checked before.
(module
  (import "room" "memory" (memory 1))

  ;; Decodes the elements in bytes [$read, $blockEnd) into [$start, $end). Answers 1, or 0 where the elements are not
  ;; well-formed or do not give exactly that many bytes.
  (func (export "decode")
    (param $read i32) (param $blockEnd i32) (param $start i32) (param $end i32) (result i32)
    (local $write i32) (local $tag i32) (local $kind i32) (local $length i32) (local $distance i32)
    (local $bytes i32) (local $to i32)
    (local.set $write (local.get $start))
    (loop $elements
      (if (i32.ge_u (local.get $read) (local.get $blockEnd))
        (then (return (i32.eq (local.get $write) (local.get $end)))))
      (local.set $tag (i32.load8_u (local.get $read)))
      (local.set $read (i32.add (local.get $read) (i32.const 1)))
      (local.set $kind (i32.and (local.get $tag) (i32.const 3)))
      (local.set $length (i32.add (i32.shr_u (local.get $tag) (i32.const 2)) (i32.const 1)))

      (if (i32.eqz (local.get $kind))
        (then
          ;; A literal: above 60, the length (less one) stands in 1 to 4 bytes of its own.
          (if (i32.gt_u (local.get $length) (i32.const 60))
            (then
              (local.set $bytes (i32.sub (local.get $length) (i32.const 60)))
              (if (i32.gt_u (local.get $bytes) (i32.sub (local.get $blockEnd) (local.get $read)))
                (then (return (i32.const 0))))
              (local.set $length
                (i32.and
                  (i32.load (local.get $read))
                  (i32.shr_u (i32.const -1)
                    (i32.sub (i32.const 32) (i32.shl (local.get $bytes) (i32.const 3))))))
              (local.set $length (i32.add (local.get $length) (i32.const 1)))
              ;; 2^32 bytes would be 0 here.
              (if (i32.eqz (local.get $length)) (then (return (i32.const 0))))
              (local.set $read (i32.add (local.get $read) (local.get $bytes)))))
          (if (i32.gt_u (local.get $length) (i32.sub (local.get $blockEnd) (local.get $read)))
            (then (return (i32.const 0))))
          (if (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $write)))
            (then (return (i32.const 0))))
          (local.set $to (i32.add (local.get $write) (local.get $length)))
          (local.set $distance (i32.sub (local.get $write) (local.get $read)))
          (loop $literal
            (v128.store (local.get $write)
              (v128.load (i32.sub (local.get $write) (local.get $distance))))
            (local.set $write (i32.add (local.get $write) (i32.const 16)))
            (br_if $literal (i32.lt_u (local.get $write) (local.get $to))))
          (local.set $write (local.get $to))
          (local.set $read (i32.add (local.get $read) (local.get $length)))
          (br $elements)))

      (if (i32.eq (local.get $kind) (i32.const 1))
        (then
          ;; A copy of 4 to 11 bytes: 3 bits of the distance stand in the tag, 8 behind it.
          (if (i32.ge_u (local.get $read) (local.get $blockEnd)) (then (return (i32.const 0))))
          (local.set $length
            (i32.add (i32.and (i32.shr_u (local.get $tag) (i32.const 2)) (i32.const 7)) (i32.const 4)))
          (local.set $distance
            (i32.or
              (i32.shl (i32.shr_u (local.get $tag) (i32.const 5)) (i32.const 8))
              (i32.load8_u (local.get $read))))
          (local.set $bytes (i32.const 1)))
        (else
          ;; A copy of 1 to 64 bytes, its distance in 2 or 4 bytes.
          (local.set $bytes (i32.shl (i32.sub (local.get $kind) (i32.const 1)) (i32.const 1)))
          (if (i32.gt_u (local.get $bytes) (i32.sub (local.get $blockEnd) (local.get $read)))
            (then (return (i32.const 0))))
          (local.set $distance
            (i32.and
              (i32.load (local.get $read))
              (i32.shr_u (i32.const -1)
                (i32.sub (i32.const 32) (i32.shl (local.get $bytes) (i32.const 3))))))))
      (local.set $read (i32.add (local.get $read) (local.get $bytes)))
      (if (i32.eqz (local.get $distance)) (then (return (i32.const 0))))
      (if (i32.gt_u (local.get $distance) (i32.sub (local.get $write) (local.get $start)))
        (then (return (i32.const 0))))
      (if (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $write)))
        (then (return (i32.const 0))))
      (local.set $to (i32.add (local.get $write) (local.get $length)))

      ;; What is read must have been written: so not more at a time than the distance.
      (if (i32.ge_u (local.get $distance) (i32.const 16))
        (then
          (loop $wide
            (v128.store (local.get $write)
              (v128.load (i32.sub (local.get $write) (local.get $distance))))
            (local.set $write (i32.add (local.get $write) (i32.const 16)))
            (br_if $wide (i32.lt_u (local.get $write) (local.get $to)))))
        (else
          (loop $narrow
            (i32.store8 (local.get $write)
              (i32.load8_u (i32.sub (local.get $write) (local.get $distance))))
            (local.set $write (i32.add (local.get $write) (i32.const 1)))
            (br_if $narrow (i32.lt_u (local.get $write) (local.get $to))))))
      (local.set $write (local.get $to))
      (br $elements))
    (unreachable)))
