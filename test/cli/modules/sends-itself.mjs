export default async (redrive) => {
  const self = redrive.queue('self')
  self.work(() => 'done')
  await self.send(1, { id: 's1' })
}
