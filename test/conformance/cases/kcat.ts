import { describe, expect, it } from 'vitest'
import { kcat } from '../../support/services/kcat.ts'
import { newName, newTopic, recordsIn, fetchFrom, valuesFrom } from '../raw-requests.ts'
import { topicWithOneAborted } from '../transaction.ts'
import type { Stage } from '../target.ts'

interface KcatMetadata {
  readonly brokers: readonly { readonly id: number; readonly name: string }[]
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly unknown[] }[]
}

export function kcatCases(stage: Stage): void {
  async function consumed(topic: string, ...args: string[]): Promise<string[]> {
    const output = await kcat(stage.address, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', ...args])
    return output.toString().split('\n').slice(0, -1)
  }

  describe('kcat (librdkafka)', () => {
    it('lists brokers and topics', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { partitions: 3 })
      const { brokers, topics } = JSON.parse((await kcat(stage.address, ['-L', '-J', '-t', topic])).toString()) as KcatMetadata
      expect(brokers).toEqual([{ id: 1, name: stage.address }])
      expect(topics).toMatchObject([{ topic, partitions: [{ leader: 1 }, { leader: 1 }, { leader: 1 }] }])
    })

    it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produces with compression %s, and reads it again', async (codec) => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const lines = Array.from({ length: 200 }, (_, index) => `line ${index} ${'x'.repeat(100)}`)
      await kcat(stage.address, ['-P', '-t', topic, '-z', codec, '-X', 'linger.ms=50'], lines.join('\n') + '\n')
      expect(await consumed(topic)).toEqual(lines)
      const { records } = await fetchFrom(raw, topic, 0)
      expect(records!.readInt16BE(21) & 7).toBe(['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(codec))
    })

    it('produces as an idempotent producer, with keys, headers and every acks', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const send = (value: string, ...args: string[]) =>
        kcat(stage.address, ['-P', '-t', topic, '-K', ':', '-H', 'h=1', ...args], `${value}\n`)
      await send('k:idempotent', '-X', 'enable.idempotence=true')
      await send('k:leader', '-X', 'acks=1')
      await send('k:none', '-X', 'acks=0')
      await expect.poll(() => valuesFrom(raw, topic)).toEqual(['idempotent', 'leader', 'none'])
      expect(recordsIn((await fetchFrom(raw, topic, 0)).records)[0]).toMatchObject({ key: 'k', headers: [['h', '1']] })
    })

    it('creates the topic it produces to', async () => {
      const topic = newName('kcat-auto')
      await kcat(stage.address, ['-P', '-t', topic], 'x\n')
      expect(await consumed(topic)).toEqual(['x'])
    })

    it('finds offsets by time', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await kcat(stage.address, ['-P', '-t', topic], 'x\ny\n')
      expect((await kcat(stage.address, ['-Q', '-t', `${topic}:0:0`, '-t', `${topic}:0:-1`])).toString()).toMatch(/\[0\] offset (0|2)/)
    })

    it('consumes as a group, and goes on where the group was', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { partitions: 2 })
      const group = newName('kcat-group')
      const join = (count: number) =>
        kcat(stage.address, [
          '-G',
          group,
          '-c',
          String(count),
          '-q',
          '-X',
          'auto.offset.reset=earliest',
          '-X',
          'session.timeout.ms=30000',
          topic,
        ])
      await kcat(stage.address, ['-P', '-t', topic, '-p', '0'], 'a\nb\n')
      expect((await join(2)).toString()).toBe('a\nb\n')
      await kcat(stage.address, ['-P', '-t', topic, '-p', '1'], 'c\n')
      expect((await join(1)).toString()).toBe('c\n')
    })

    it('leaves out what was aborted', async () => {
      const topic = await topicWithOneAborted(await stage.connect())
      await expect.poll(() => consumed(topic, '-X', 'isolation.level=read_committed')).toEqual(['one', 'three'])
      expect(await consumed(topic, '-X', 'isolation.level=read_uncommitted')).toEqual(['one', 'two', 'three'])
    })
  })
}
